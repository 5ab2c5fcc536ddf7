"""The kinds of query parameters: how each is read from a request, and described. A mistake names its parameter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.http import HttpRequest

from marcus_events.core import filters
from marcus_events.core.event import utc_now
from marcus_events.core.json_schema import JsonSchema
from marcus_events.http.query_params import MAX_POSITION, invalid_parameter

MOMENT = (
    "a time with its zone (in a URL, preferably Z), a duration before now such as 90s, 30m, 2h, 7d, 4w, or the "
    "start of a day (UTC): today, yesterday, monday"
)
TEXT: JsonSchema = {"type": "string"}
POSITION: JsonSchema = {"type": "integer", "minimum": 0, "maximum": MAX_POSITION}

Value = TypeVar("Value")
ParameterReader = Callable[[str, str], Value]  # of the name and of what is stated, "" for nothing; raises Problem


@dataclass(frozen=True)
class Parameter(Generic[Value]):
    name: str
    description: str
    example: Any
    read: ParameterReader[Value]
    schema: JsonSchema = field(default_factory=lambda: TEXT)

    def of(self, request: HttpRequest) -> Value:
        """What the request says; of a parameter that is given more than once, the last. Raises Problem."""
        return self.read(self.name, without_nul(self.name, request.GET.get(self.name, "")))

    def described(self) -> dict[str, Any]:
        """The parameter as OpenAPI has it."""
        stated = {"description": self.description, "schema": self.schema, "example": self.example}
        return {"name": self.name, "in": "query", **stated}


def text(name: str, stated: str) -> str:
    return stated


def time(name: str, stated: str) -> datetime | None:
    """A time, or a span before now."""
    if not stated:
        return None
    try:
        return filters.parse_moment(stated, utc_now())
    except filters.InvalidFilter as error:
        hint = "; in a URL, write a time with Z, or + as %2B" if " " in stated else ""
        raise invalid_parameter(name, f"cannot be read: {error}{hint}") from error


def position(name: str, stated: str) -> int | None:
    return whole_number(name, stated, 0, MAX_POSITION) if stated else None


def moment(name: str, stated: str) -> int | datetime | None:
    """A position, a time, or a span before now; None for the present."""
    return position(name, stated) if stated.isdecimal() else time(name, stated)


def number(name: str, description: str, example: int, lowest: int, highest: int, default: int) -> Parameter[int]:
    def read(name: str, stated: str) -> int:
        return whole_number(name, stated, lowest, highest) if stated else default

    schema = {"type": "integer", "minimum": lowest, "maximum": highest, "default": default}
    return Parameter(name, description, example, read, schema)


def choice(name: str, description: str, example: str, choices: tuple[str, ...], default: str = "") -> Parameter[str]:
    """One of these. Without a default it is "" where the request leaves the choice open."""

    def read(name: str, stated: str) -> str:
        if stated and stated not in choices:
            raise invalid_parameter(name, f"must be one of {', '.join(choices)}")
        return stated or default

    schema = {"type": "string", "enum": [*choices]} | ({"default": default} if default else {})
    return Parameter(name, description, example, read, schema)


class ListParameter(Parameter[str]):
    """May be given more than once, or with commas: any of the values will do."""

    def __init__(self, name: str, description: str, example: str) -> None:
        several = f"{description} Several, or several between commas: any of them."
        super().__init__(name, several, [example], text, {"type": "array", "items": TEXT})

    def values(self, request: HttpRequest) -> list[str]:
        stated = request.GET.getlist(self.name)
        found = [value for each in stated for value in without_nul(self.name, each).split(",")]
        if len(found) > filters.MAX_VALUES:
            raise invalid_parameter(self.name, f"has more than {filters.MAX_VALUES} values")
        return found


def whole_number(name: str, stated: str, lowest: int, highest: int) -> int:
    if not (stated.isascii() and stated.isdecimal() and len(stated) < 20 and lowest <= int(stated) <= highest):
        raise invalid_parameter(name, f"must be a whole number from {lowest} to {highest}")
    return int(stated)


def without_nul(name: str, stated: str) -> str:
    if "\0" in stated:
        raise invalid_parameter(name, "contains the character NUL")
    return stated
