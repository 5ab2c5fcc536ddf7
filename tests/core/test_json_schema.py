"""What a type says is what its schema says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, NotRequired, TypedDict
from uuid import UUID

import pytest
from jsonschema import Draft202012Validator

from marcus_events.core.json_schema import Keywords, object_schema, schema_of

Short = Annotated[str, Keywords("A few letters.", maxLength=3)]


class Leaf(TypedDict):
    name: Short


class Tree(TypedDict):
    """What grows,
    and bears leaves.
    """

    leaves: list[Leaf]
    height_m: NotRequired[float]


@dataclass(frozen=True)
class Seed:
    kind: ClassVar[str] = "seed"

    of: Leaf | None
    at: datetime
    id: UUID | None = None


LEAF = {"type": "object", "required": ["name"], "properties": {"name": schema_of(Short)}}


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        (Any, {}),
        (bool, {"type": "boolean"}),
        (Short, {"type": "string", "description": "A few letters.", "maxLength": 3}),
        (Annotated[Short, Keywords("Others.")], {"type": "string", "description": "Others.", "maxLength": 3}),
        (Annotated[int, Keywords(type="number")], {"type": "number"}),
        (Short | None, {"type": ["string", "null"], "description": "A few letters.", "maxLength": 3}),
        (Leaf | None, {"type": ["object", "null"]} | {name: LEAF[name] for name in ("required", "properties")}),
        (int | str, {"oneOf": [{"type": "integer"}, {"type": "string"}]}),
        (Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}),
        (Literal["a", None], {"enum": ["a", None]}),
        (Literal["a"], {"const": "a"}),
        (dict[str, Any], {"type": "object", "additionalProperties": True}),
        (dict[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
    ],
)
def test_a_type_becomes_a_schema(kind: Any, schema: dict[str, Any]) -> None:
    assert schema_of(kind) == schema
    Draft202012Validator.check_schema(schema)


def test_fields_are_required_unless_they_say_otherwise() -> None:
    tree, seed = object_schema(Tree), object_schema(Seed)
    assert (tree["description"], tree["required"]) == ("What grows, and bears leaves.", ["leaves"])
    assert ("description" in seed, seed["required"]) == (False, ["of", "at"])
    assert [*seed["properties"]] == ["of", "at", "id"]


def test_a_type_that_has_a_name_is_referred_to() -> None:
    names = {Leaf: "#/leaf"}
    tree = object_schema(Tree, names.get)
    assert tree["properties"]["leaves"] == {"type": "array", "items": {"$ref": "#/leaf"}}
    assert object_schema(Leaf, names.get) == LEAF
    assert schema_of(Leaf | None, names.get) == {"oneOf": [{"$ref": "#/leaf"}, {"type": "null"}]}
