"""Check the arguments of a tool against its schema, in texts that tell an agent what to change.

The texts name an argument and what it must be. They hold no value that was sent: it may be a megabyte long.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from jsonschema import Draft202012Validator, ValidationError

from marcus_events.core.event import InvalidEvent
from marcus_events.core.json_schema import JsonSchema, object_schema
from marcus_events.core.payload import check_object
from marcus_events.core.problem import Problem

TYPES = {
    "string": "a text",
    "array": "a list",
    "object": "an object",
    "number": "a number",
    "integer": "a whole number",
}
REQUIREMENTS: dict[str, Callable[[Any], str]] = {
    "type": lambda kind: f"must be {TYPES.get(kind, kind)}",
    "enum": lambda values: f"must be one of {', '.join(map(str, values))}",
    "minLength": lambda _: "must not be empty",
    "maxLength": lambda most: f"must have at most {most} characters",
    "minimum": lambda least: f"must be at least {least}",
    "maximum": lambda most: f"must be at most {most}",
    "maxItems": lambda most: f"must have at most {most} items",
    "pattern": lambda _: "must not be blank",
}


def arguments_schema(kind: type) -> JsonSchema:
    """Return the schema of a TypedDict that accepts no other arguments."""
    return object_schema(kind) | {"additionalProperties": False}


def check_arguments(stated: Mapping[str, Any] | None, schema: JsonSchema) -> dict[str, Any]:
    """Return the arguments without those that are null. Raises Problem for the first that does not fit."""
    arguments = {name: value for name, value in (stated or {}).items() if value is not None}
    try:
        check_object(arguments, "")
    except InvalidEvent as error:
        raise invalid(error.pointer.strip("/") or "The arguments", error.reason) from error
    for misfit in Draft202012Validator(schema).iter_errors(arguments):
        raise problem_of(misfit, schema)
    return arguments


def problem_of(error: ValidationError, schema: JsonSchema) -> Problem:
    takes = ", ".join(schema["properties"])
    if error.validator == "required":
        missing = next(name for name in schema["required"] if name not in error.instance)
        return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{missing}: is missing. The arguments are {takes}.")
    if error.validator == "additionalProperties":
        detail = f"There is an unknown argument. The arguments are {takes}."
        return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
    place = "/".join(map(str, error.absolute_path))
    return invalid(place, REQUIREMENTS[str(error.validator)](error.validator_value))


def invalid(place: str, reason: str) -> Problem:
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{place}: {reason}.", reason=f"An argument {reason}.")
