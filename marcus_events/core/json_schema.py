"""JSON Schema of Python types: a shape is declared once, mypy holds the code to it, and the documents publish it.

A TypedDict or a dataclass is an object, described by its docstring; a field is required unless it is `NotRequired` or
has a default. `Annotated` adds what a type does not say, as further `Keywords`; where these hold a `type`, `const` or
`oneOf`, they say all.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)
from uuid import UUID

JsonSchema = dict[str, Any]
References = Callable[[Any], str | None]  # where a type is published under a name: a `$ref` to it; None elsewhere


class Keywords:
    """A description and further keywords of JSON Schema, beside a type in `Annotated`."""

    def __init__(self, description: str = "", **keywords: Any) -> None:
        self.keywords = keywords | ({"description": description} if description else {})


PLAIN: dict[Any, JsonSchema] = {
    Any: {},
    NoneType: {"type": "null"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    datetime: {"type": "string", "format": "date-time"},
    UUID: {"type": "string", "format": "uuid"},
}
WHOLE = {"type", "const", "oneOf"}  # keywords beside which a type has nothing to add


def nowhere(kind: Any) -> str | None:
    return None


def schema_of(kind: Any, reference: References = nowhere) -> JsonSchema:
    if named := reference(kind):
        return {"$ref": named}
    if kind in PLAIN:
        return PLAIN[kind]
    if is_typeddict(kind) or is_dataclass(kind):
        return object_schema(kind, reference)
    return GENERIC[get_origin(kind)](get_args(kind), reference)


def object_schema(kind: Any, reference: References = nowhere) -> JsonSchema:
    """The schema of a TypedDict or a dataclass itself, wherever it is published."""
    hints = field_types(kind)
    optional = optional_fields(kind, hints)
    described = {"description": summary_of(kind)} if summary_of(kind) else {}
    needed = [name for name in hints if name not in optional]
    return {
        "type": "object",
        **described,
        **({"required": needed} if needed else {}),
        "properties": {name: schema_of(hint, reference) for name, hint in hints.items()},
    }


def field_types(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind, include_extras=True)
    return {name: hint for name, hint in hints.items() if hint is not ClassVar and get_origin(hint) is not ClassVar}


def optional_fields(kind: Any, hints: dict[str, Any]) -> Collection[str]:
    if is_dataclass(kind):
        return {each.name for each in fields(kind) if each.default is not MISSING}
    return {name for name, hint in hints.items() if get_origin(hint) is NotRequired}


def summary_of(kind: Any) -> str:
    """Its own docstring, in one line; dataclasses that have none are given their signature, which is none."""
    text = kind.__doc__ or ""
    return "" if text.startswith(f"{kind.__name__}(") else " ".join(inspect.cleandoc(text).split())


def annotated(args: tuple[Any, ...], reference: References) -> JsonSchema:
    added = {name: value for each in args[1:] if isinstance(each, Keywords) for name, value in each.keywords.items()}
    return added if WHOLE & added.keys() else schema_of(args[0], reference) | added


def union(args: tuple[Any, ...], reference: References) -> JsonSchema:
    """Null beside a plain type is a second type; whatever else may stand there is one of several schemas."""
    schemas = [schema_of(each, reference) for each in args]
    if args[1:] == (NoneType,) and isinstance(schemas[0].get("type"), str):
        return schemas[0] | {"type": [schemas[0]["type"], "null"]}
    return {"oneOf": schemas}


def literal(args: tuple[Any, ...], reference: References) -> JsonSchema:
    if len(args) == 1:
        return {"const": args[0]}
    kinds = {type(each) for each in args}
    return (PLAIN[kinds.pop()] if len(kinds) == 1 else {}) | {"enum": list(args)}


GENERIC: dict[Any, Callable[[tuple[Any, ...], References], JsonSchema]] = {
    Annotated: annotated,
    Literal: literal,
    NotRequired: lambda args, reference: schema_of(args[0], reference),
    Union: union,
    UnionType: union,
    list: lambda args, reference: {"type": "array", "items": schema_of(args[0], reference)},
    dict: lambda args, reference: {"type": "object", "additionalProperties": schema_of(args[1], reference) or True},
}
