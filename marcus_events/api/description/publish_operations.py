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
from marcus_events.http.cloudevents import BATCH, HEADER_PREFIX, STRUCTURED
from marcus_events.http.event_shapes import MAX_BATCH
from marcus_events.http.json_body import MAX_BODY

PUBLISHING = """\
The response is sent after the commit. `accepted` and `duplicate` mean that the event is in the log at this position \
and survives a crash. Each event has its own result, in the order sent; a rejected event does not affect the others.

`(source, event_id)` identifies an event, per board if the token is limited to boards. After a lost response, a \
timeout or a 503, send the same events again with the same ids: events already in the log are reported as \
`duplicate`. The same identity with different content is a conflict, and the first event is kept.

Events that only Marcus Events records, and sources starting with `user:`, `program:` or `system:`, are rejected \
with 403.

A request with headers starting with `ce-` is a CloudEvent in binary mode, whatever its content type: the headers are \
its attributes, percent-encoded if not ASCII, and the body is its data."""
SIZE = f"At most {MAX_BODY // 1024**2} MiB, uncompressed, and {MAX_BATCH} events."
OF_BINARY_MODE = (
    ("specversion", "1.0", "Makes the request a CloudEvent in binary mode."),
    ("id", "cart-created", "The event's id."),
    ("source", "planner", "The event's source."),
    ("type", "task_created", "The event's type."),
    ("time", "2026-05-04T09:00:00Z", "When the event happened; defaults to now."),
    ("subject", "cart", "What the event is about."),
    ("dataschema", "https://example.com/schema.json", "The schema of the data."),
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
        "*/*": {"schema": {"description": "The data of a CloudEvent in binary mode, with its own content type."}},
    },
}


def sent_header(name: str, described: str, example: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "description": described, "schema": {"type": "string"}, "example": example}


def refusal(status: HTTPStatus, described: str, **more: Any) -> dict[str, Any]:
    return {str(status.value): problem(status, described, schema="Refusal", **more)}


S = HTTPStatus
ANSWERS: dict[str, Any] = {
    "201": answered(
        "At least one event is in the log. Check `results` for the others.",
        content(JSON, ref("Taken"), examples.TAKEN),
    ),
    **refusal(S.BAD_REQUEST, "The body is not UTF-8 JSON or is nested too deeply.", limit="depth"),
    **refusal(
        S.FORBIDDEN,
        "The token has no permission to publish, or not for this board or source, or the events are reserved for the "
        "system.",
    ),
    **refusal(S.CONFLICT, "The log has other events with the same identities."),
    **refusal(
        S.REQUEST_ENTITY_TOO_LARGE,
        "The body is too large or contains too many values. Send smaller batches.",
        limit="body_bytes",
    ),
    **refusal(
        S.UNSUPPORTED_MEDIA_TYPE, "The content type is not supported, or the body is compressed.", limit="compression"
    ),
    **refusal(S.UNPROCESSABLE_ENTITY, "No event was accepted. `results` explains why.", **examples.REFUSED),
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
                sent_header(
                    "traceparent", "W3C Trace Context for every event that has none of its own.", examples.TRACE
                ),
                *(sent_header(f"{HEADER_PREFIX}{name}", described, shown) for name, shown, described in OF_BINARY_MODE),
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
