"""POST /api/events: its four bodies, and what becomes of them."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from marcus_events.api.description import examples
from marcus_events.api.description.operations import AUTHORIZATION, JSON, PUBLISHER, answered, content
from marcus_events.api.description.responses import problem
from marcus_events.api.description.responses import refer as problems
from marcus_events.api.description.schemas import ref
from marcus_events.http.cloudevents import BATCH, HEADER, STRUCTURED
from marcus_events.http.event_shapes import MAX_BATCH
from marcus_events.http.json_body import MAX_BODY

PUBLISHING = """\
The answer comes after the commit: `accepted` and `duplicate` mean that the event is in the log, at this position, and \
survives a crash. Each event has a result of its own, in the order sent; one that is refused holds up no other.

`(source, event_id)` is an event's identity, on its board where the token is limited to boards. After a lost answer, \
a timeout or a 503, send the same events again under the same ids: what is in the log already is answered as a \
`duplicate`. The same identity with another content is a conflict, and the first event stands.

Events that only Marcus Events itself says, and sources that begin with `user:`, `program:` or `system:`, are refused \
with 403.

With headers that begin with `ce-` the request is a CloudEvent in binary mode, whatever its type: the headers are its \
attributes, percent-encoded where they are not ASCII, and the body is its data."""
SIZE = f"At most {MAX_BODY // 1024**2} MiB, uncompressed, and {MAX_BATCH} events."
OF_BINARY_MODE = (
    ("specversion", "1.0", "Makes the request a CloudEvent in binary mode."),
    ("id", "cart-created", "The event's id."),
    ("source", "planner", "The event's source."),
    ("type", "task_created", "The event's type."),
    ("time", "2026-05-04T09:00:00Z", "The producer's clock; now where it is missing."),
    ("subject", "cart", "What it is about."),
    ("dataschema", "https://example.com/schema.json", "Where the data is described."),
)
BODY: dict[str, Any] = {
    "required": True,
    "description": SIZE,
    "content": {
        JSON: {
            "schema": {
                "oneOf": [
                    ref("EventToPublish"),
                    {"type": "array", "items": ref("EventToPublish"), "minItems": 1, "maxItems": MAX_BATCH},
                ]
            },
            "examples": {
                "one": {"summary": "One event", "value": examples.EVENT},
                "many": {"summary": "Many events", "value": [examples.EVENT, examples.ANOTHER]},
            },
        },
        **content(STRUCTURED, ref("CloudEvent"), examples.CLOUDEVENT),
        **content(
            BATCH,
            {"type": "array", "items": ref("CloudEvent"), "minItems": 1, "maxItems": MAX_BATCH},
            [examples.CLOUDEVENT],
        ),
        "*/*": {"schema": {"description": "The data of a CloudEvent in binary mode, in its own type."}},
    },
}


def sent_header(name: str, described: str, example: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "description": described, "schema": {"type": "string"}, "example": example}


def refusal(status: HTTPStatus, described: str, **more: Any) -> dict[str, Any]:
    return {str(status.value): problem(status, described, schema="Refusal", **more)}


S = HTTPStatus
ANSWERS: dict[str, Any] = {
    "201": answered(
        "At least one event is in the log; look at the results of the others.",
        content(JSON, ref("Taken"), examples.TAKEN),
    ),
    **refusal(S.BAD_REQUEST, "The body is not JSON in UTF-8, or nested too deeply.", limit="depth"),
    **refusal(
        S.FORBIDDEN,
        "The token may not publish, or not these events: not on this board, not of this source, or they are reserved "
        "for the system itself.",
    ),
    **refusal(S.CONFLICT, "The identity of each of these events is taken by another event."),
    **refusal(
        S.REQUEST_ENTITY_TOO_LARGE,
        "The body is too large, or holds too many values: send smaller batches.",
        limit="body_bytes",
    ),
    **refusal(S.UNSUPPORTED_MEDIA_TYPE, "The body is of another type, or compressed.", limit="compression"),
    **refusal(S.UNPROCESSABLE_ENTITY, "No event was taken; `results` says why of each.", **examples.REFUSED),
    **problems("Unauthorized", "TooManyRequests", "Unavailable"),
}
CURL = f"""\
curl -sS "$SITE/api/events" {AUTHORIZATION} \\
  -H "Content-Type: {JSON}" \\
  -d '{json.dumps(examples.EVENT, indent=2)}'"""
CURL_BINARY = f"""\
curl -sS "$SITE/api/events" {AUTHORIZATION} \\
  -H "Content-Type: {JSON}" \\
  -H "ce-specversion: 1.0" \\
  -H "ce-id: cart-created" \\
  -H "ce-source: planner" \\
  -H "ce-type: task_created" \\
  -d '{json.dumps(examples.EVENT["data"], indent=2)}'"""
PATHS: dict[str, Any] = {
    "/api/events": {
        "post": {
            "operationId": "publishEvents",
            "tags": ["Publish"],
            "summary": "Publish events",
            "description": PUBLISHING,
            "parameters": [
                sent_header("traceparent", "W3C Trace Context, of every event that says none itself.", examples.TRACE),
                *(sent_header(f"{HEADER}{name}", described, shown) for name, shown, described in OF_BINARY_MODE),
            ],
            "security": PUBLISHER,
            "requestBody": BODY,
            "responses": ANSWERS,
            "x-codeSamples": [
                {"lang": "Shell", "label": "curl", "source": CURL},
                {"lang": "Shell", "label": "curl, as a CloudEvent in binary mode", "source": CURL_BINARY},
            ],
        }
    }
}
