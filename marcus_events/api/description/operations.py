"""One operation: what it is called, what it takes, what it answers, and how curl asks for it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from marcus_events.api.description.responses import OF_EVERY_READ
from marcus_events.api.description.responses import refer as problems
from marcus_events.api.parameter_kinds import Parameter
from marcus_events.api.query_fields import EVERY, ROWS

Operation = dict[str, Any]
Security = dict[str, list[str]]
JSON = "application/json"
READER: list[Security] = [{"token": []}, {"session": []}]
PUBLISHER: list[Security] = [{"token": []}]
NOBODY: list[Security] = []
ANYBODY: list[Security] = [{}, *READER]  # who shows nothing is answered too
AUTHORIZATION = '-H "Authorization: Bearer $TOKEN"'


POSITION: dict[str, Any] = {
    "name": "position",
    "in": "path",
    "required": True,
    "description": "Position in the log.",
    "schema": {"type": "integer", "minimum": 0},
    "example": 4,
}


def component(parameter: Parameter[Any]) -> str:
    """The name under which it is described: two addresses have a `limit` of their own."""
    return "rows" if parameter is ROWS else parameter.name


PARAMETERS = {component(each): each.described() for each in EVERY} | {"position": POSITION}


def refer(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/parameters/{name}"}


def content(media_type: str, schema: dict[str, Any], example: Any = None) -> dict[str, Any]:
    return {media_type: {"schema": schema} | ({} if example is None else {"example": example})}


def answered(described: str, *contents: dict[str, Any], **headers: Any) -> dict[str, Any]:
    """One answer, in each of its forms; `headers` by their names with _ for -."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = {media_type: form for each in contents for media_type, form in each.items()}
    return {"description": described, "content": body} | ({"headers": named} if named else {})


def reading(
    operation_id: str,
    address: str,
    summary: str,
    described: str,
    *,
    tag: str,
    parameters: tuple[Parameter[Any], ...],
    in_path: tuple[str, ...] = (),
    shown: dict[str, Any],
    answers: dict[str, Any],
    more: tuple[str, ...] = (),
) -> Operation:
    """Asks with a token or a session; `shown` is what the example asks for, `more` are further problems."""
    return {
        "operationId": operation_id,
        "tags": [tag],
        "summary": summary,
        "description": described,
        "parameters": [*map(refer, in_path), *(refer(component(each)) for each in parameters)],
        "security": READER,
        "responses": answers | problems(*OF_EVERY_READ, *more),
        "x-codeSamples": [curl(address, AUTHORIZATION, shown)],
    }


def unguarded(
    operation_id: str,
    address: str,
    summary: str,
    described: str,
    *,
    tag: str,
    answers: dict[str, Any],
    security: list[Security] = NOBODY,
) -> Operation:
    """Takes nothing, and anybody may ask; `security` is what changes the answer, where anything does."""
    return {
        "operationId": operation_id,
        "tags": [tag],
        "summary": summary,
        "description": described,
        "security": security,
        "responses": answers,
        "x-codeSamples": [curl(address, "", {})],
    }


def curl(address: str, headers: str, shown: dict[str, Any]) -> dict[str, str]:
    address = address.replace("{position}", str(POSITION["example"]))
    asked = f"?{urlencode(shown, safe='*:')}" if shown else ""
    return {"lang": "Shell", "label": "curl", "source": f'curl -sS "$SITE{address}{asked}" {headers}'.rstrip()}
