"""The description shaped for a page: sections of operations, with every reference followed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from marcus_events.api.description import TAGS, description


@dataclass(frozen=True)
class DocumentedField:
    """A parameter, or a field of a shape."""

    name: str
    kind: str
    where: str
    described: SafeString
    needed: bool = False
    shape: str = ""  # the name of the shape that it is, or is a list of

    @property
    def before(self) -> str:
        return self.kind.removesuffix(self.shape)


@dataclass(frozen=True)
class Form:
    """One form of a body: what type, of which shape, and an example."""

    media_type: str
    shape: str
    example: str


@dataclass(frozen=True)
class DocumentedResponse:
    status: str
    described: SafeString
    forms: list[Form]
    headers: list[str]


@dataclass(frozen=True)
class DocumentedOperation:
    id: str
    method: str
    path: str
    summary: str
    described: list[SafeString]
    access: str
    parameters: list[DocumentedField]
    body_said: SafeString
    body: list[Form]
    answers: list[DocumentedResponse]
    samples: list[dict[str, str]]


@dataclass(frozen=True)
class Shape:
    name: str
    described: SafeString
    fields: list[DocumentedField]


@dataclass(frozen=True)
class Section:
    id: str
    name: str
    described: SafeString
    operations: list[DocumentedOperation]


def sections() -> list[Section]:
    return [Section(slug(name), name, coded(text), list(operations(name))) for name, text in TAGS]


def slug(name: str) -> str:
    return name.lower().replace(" ", "-")


def operations(tag: str) -> Iterator[DocumentedOperation]:
    for path, methods in description()["paths"].items():
        yield from (operation(path, *each) for each in methods.items() if tag in each[1]["tags"])


def operation(path: str, method: str, said: dict[str, Any]) -> DocumentedOperation:
    body = said.get("requestBody", {})
    return DocumentedOperation(
        id=said["operationId"],
        method=method.upper(),
        path=path,
        summary=said["summary"],
        described=paragraphs(said["description"]),
        access=access(said["security"]),
        parameters=[parameter(followed(each)) for each in said.get("parameters", [])],
        body_said=coded(body.get("description", "")),
        body=list(forms(body)),
        answers=[answer(status, followed(each)) for status, each in sorted(said["responses"].items())],
        samples=said["x-codeSamples"],
    )


def access(security: list[dict[str, Any]]) -> str:
    names = {name for each in security for name in each}
    if not names:
        return "no authentication"
    return "token or session" if "session" in names else "token"


def parameter(said: dict[str, Any]) -> DocumentedField:
    return DocumentedField(
        said["name"], kind(said["schema"]), said["in"], coded(said["description"]), said.get("required", False)
    )


def answer(status: str, said: dict[str, Any]) -> DocumentedResponse:
    """Of a plain problem the shape is not repeated each time: all have the same."""
    shown = [form for form in forms(said) if form.shape != "Problem"]
    return DocumentedResponse(status, coded(said["description"]), shown, list(said.get("headers", {})))


def forms(said: dict[str, Any]) -> Iterator[Form]:
    for media_type, form in said.get("content", {}).items():
        examples = [each["value"] for each in form.get("examples", {}).values()] or [form.get("example")]
        yield Form(media_type, kind(form["schema"]), "\n\n".join(map(written, examples)))


def written(example: Any) -> str:
    return "" if example is None else json.dumps(example, indent=2, ensure_ascii=False)


def shapes() -> list[Shape]:
    """Those that have names."""
    said = description()["components"]["schemas"]
    return [Shape(name, coded(shape["description"]), fields(shape)) for name, shape in said.items()]


def fields(shape: dict[str, Any]) -> list[DocumentedField]:
    needed = shape.get("required", [])
    return [
        DocumentedField(name, kind(each), "", coded(each.get("description", "")), name in needed, shape_in(each))
        for name, each in shape["properties"].items()
    ]


def shape_in(schema: dict[str, Any]) -> str:
    within = schema.get("items") or schema.get("additionalProperties")
    named = schema if "$ref" in schema else within if isinstance(within, dict) else {}
    return kind(named) if "$ref" in named else ""


def kind(schema: dict[str, Any]) -> str:
    """What may stand there, in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "oneOf" in schema:
        return " or ".join(map(kind, schema["oneOf"]))
    if "enum" in schema:
        return " or ".join(map(str, schema["enum"]))
    if "const" in schema:
        return str(schema["const"])
    if schema.get("type") == "array":
        return f"list of {kind(schema['items'])}"
    if isinstance(schema.get("additionalProperties"), dict) and "properties" not in schema:
        return f"object of {kind(schema['additionalProperties'])}"
    return f"{type_of(schema)}{bounds(schema)}"


def type_of(schema: dict[str, Any]) -> str:
    stated = schema.get("type", "any")
    named = " or ".join(stated) if isinstance(stated, list) else stated
    return named.replace("string", "time") if schema.get("format") == "date-time" else named


def bounds(schema: dict[str, Any]) -> str:
    lowest, highest = schema.get("minimum"), schema.get("maximum")
    default = f", default {schema['default']}" if "default" in schema else ""
    if highest is not None:
        return f", {lowest} to {highest}{default}"
    return f", {lowest} or more{default}" if lowest is not None else default


def followed(said: dict[str, Any]) -> dict[str, Any]:
    """What a reference leads to."""
    found: Any = description()
    if "$ref" not in said:
        return said
    for step in said["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return dict(found)


def paragraphs(text: str) -> list[SafeString]:
    return [coded(each) for each in text.split("\n\n")]


def coded(text: str) -> SafeString:
    """What stands between backticks as code; everything else as it is."""
    pieces = [("<code>", piece, "</code>") if n % 2 else ("", piece, "") for n, piece in enumerate(text.split("`"))]
    return format_html_join(
        "", "{}{}{}", ((SafeString(left), piece, SafeString(right)) for left, piece, right in pieces)
    )


def introduction() -> list[SafeString]:
    return paragraphs(description()["info"]["description"])
