"""What may stand in the query of a request, read and checked once for every endpoint. A mistake names its parameter."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus

from django.http import HttpRequest

from marcus_events.access.visibility import Visibility
from marcus_events.core.event import utc_now
from marcus_events.core.filters import MAX_VALUES, EventFilter, InvalidFilter, moment
from marcus_events.core.problem import Problem
from marcus_events.http import query_params
from marcus_events.http.query_params import MAX_POSITION, mistake

FILTER_PARAMETERS = ("type", "category", "source", "task", "agent")
OF_EVENTS = (*FILTER_PARAMETERS, "board", "since", "until", "q")
OF_STATE = ("board", "as_of")


def check_known(request: HttpRequest, known: Collection[str]) -> None:
    """Raises Problem for the first parameter that is none."""
    for name in request.GET:
        if name not in known:
            takes = f"it takes {', '.join(known)}" if known else "it takes none"
            detail = f"{clean('a name', name)} is not a parameter of this endpoint; {takes}."
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            raise Problem(status, detail, reason=f"An unknown parameter; {takes}.", parameter=name)


def filter_from(request: HttpRequest, visibility: Visibility) -> EventFilter:
    """The filter of `q` and of the single parameters; all of them must hold. Raises Problem."""
    wanted = query_params.query(text(request, "q"))
    for name in FILTER_PARAMETERS:
        wanted = wanted.with_term(name, *values(request, name))
    wanted = query_params.on_boards(wanted, text(request, "board"), visibility)
    since, until = time(request, "since"), time(request, "until")
    return replace(wanted, since=since or wanted.since, until=until or wanted.until)


def boards_from(request: HttpRequest, visibility: Visibility, moment: int | datetime | None = None) -> list[str] | None:
    """See `choosing.boards`. Raises Problem."""
    return query_params.boards(text(request, "board"), visibility, moment)


def as_of(request: HttpRequest) -> int | datetime | None:
    """A position, a time, or a span before now; None for the present."""
    return position(request, "as_of") if text(request, "as_of").isdecimal() else time(request, "as_of")


def time(request: HttpRequest, name: str) -> datetime | None:
    """A time, or a span before now."""
    if not (stated := text(request, name)):
        return None
    try:
        return moment(stated, utc_now())
    except InvalidFilter as error:
        hint = "; in a URL, write a time with Z, or + as %2B" if " " in stated else ""
        raise mistake(name, f"cannot be read: {error}{hint}") from error


def position(request: HttpRequest, name: str) -> int | None:
    return integer(request, name, 0, 0, MAX_POSITION) if text(request, name) else None


def integer(request: HttpRequest, name: str, default: int, lowest: int, highest: int) -> int:
    stated = text(request, name)
    if not stated:
        return default
    if not (stated.isascii() and stated.isdecimal() and len(stated) < 20 and lowest <= int(stated) <= highest):
        raise mistake(name, f"must be a whole number from {lowest} to {highest}")
    return int(stated)


def choice(request: HttpRequest, name: str, default: str, *choices: str) -> str:
    stated = text(request, name) or default
    if stated not in choices:
        raise mistake(name, f"must be one of {', '.join(choices)}")
    return stated


def values(request: HttpRequest, name: str) -> list[str]:
    """The values of a parameter that may be given more than once, or with commas."""
    found = [value for stated in request.GET.getlist(name) for value in clean(name, stated).split(",")]
    if len(found) > MAX_VALUES:
        raise mistake(name, f"has more than {MAX_VALUES} values")
    return found


def text(request: HttpRequest, name: str) -> str:
    return clean(name, request.GET.get(name, ""))


def clean(name: str, stated: str) -> str:
    if "\0" in stated:
        raise mistake(name, "contains the character NUL")
    return stated
