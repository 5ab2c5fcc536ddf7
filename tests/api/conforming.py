"""Checks that a response conforms to the OpenAPI description: its status, type and shape, without additional fields.

The description allows additional fields to clients; here it must be complete.
"""

from __future__ import annotations

import re
from copy import deepcopy
from functools import cache
from typing import Any

import httpx
from openapi_schema_validator import OAS31Validator

from marcus_events.api.description import description

METHODS_ELSEWHERE = {405, 204}  # of methods that an address does not know, and of OPTIONS
PROBLEM = {"$ref": "#/components/schemas/Problem"}


def assert_conforms(response: httpx.Response) -> None:
    """Fail on any 5xx and on undescribed responses; a 4xx must be a problem."""
    said = described(response.request.method, response.request.url.path)
    assert response.status_code < 500, describe(response)
    assert str(response.status_code) in said or (not said and response.status_code in {404, *METHODS_ELSEWHERE}), (
        describe(response)
    )
    media_type = response.headers.get("Content-Type", "").partition(";")[0]
    if response.status_code >= 400:
        assert media_type == "application/problem+json", describe(response)
        assert response.json()["status"] == response.status_code
    if response.content and media_type.endswith("json"):
        forms = said.get(str(response.status_code), {}).get(
            "content", {"application/problem+json": {"schema": PROBLEM}}
        )
        assert media_type in forms, describe(response)
        validator(repr(forms[media_type]["schema"])).validate(response.json())


def describe(response: httpx.Response) -> str:
    request = response.request
    return (
        f"{request.method} {request.url} {request.headers} {request.content!r} → {response.status_code} {response.text}"
    )


def described(method: str, path: str) -> dict[str, Any]:
    """Return the responses of an operation by status; none if there is no such operation."""
    place = re.sub(r"^/api/events/[0-9]+$", "/api/events/{position}", path)
    found: dict[str, Any] = strict()["paths"].get(place, {}).get(method.lower().replace("head", "get"), {})
    return {status: resolve_refs(each) for status, each in found.get("responses", {}).items()}


def resolve_refs(said: dict[str, Any]) -> dict[str, Any]:
    name = said.get("$ref", "").rpartition("/")[2]
    return dict(strict()["components"]["responses"][name]) if name else said


@cache
def validator(schema: str) -> Any:
    return OAS31Validator({"components": strict()["components"], **eval(schema)})  # noqa: S307 # repr of our own


@cache
def strict() -> dict[str, Any]:
    """Return the description with additional fields forbidden unless a shape declares them."""
    found = deepcopy(description())
    for schema in found["components"]["schemas"].values():
        forbid_more(schema)
    return found


def forbid_more(schema: Any) -> None:
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict):
            schema.setdefault("additionalProperties", False)
        for each in schema.values():
            forbid_more(each)
