"""Every frame that there is, as JSON Schema with an example. Tests hold a real conversation to it.

What comes in has no other fields than these; to what goes out, fields may be added.
"""

from __future__ import annotations

from typing import Any

from marcus_events.core.event_types import CATEGORIES
from marcus_events.core.payload import MAX_EVENT_BYTES, MAX_NAME_BYTES
from marcus_events.http.publish_items import CODES, MAX_BATCH
from marcus_events.http.query_params import MAX_POSITION
from marcus_events.websocket.incoming import MAX_ID, MAX_PATTERNS, MAX_QUERY

FrameSchema = dict[str, Any]

TIME: FrameSchema = {"type": "string", "format": "date-time"}
COUNT: FrameSchema = {"type": "integer", "minimum": 0}
OBJECT: FrameSchema = {"type": "object"}
NAME: FrameSchema = {"type": "string", "minLength": 1, "description": f"At most {MAX_NAME_BYTES} bytes."}
ID: FrameSchema = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_ID,
    "description": "Chosen by the client; responses repeat it.",
}
NO_ID: FrameSchema = ID | {"type": ["string", "null"]}
POSITION: FrameSchema = {"type": "integer", "minimum": 0, "maximum": MAX_POSITION}
EPOCH: FrameSchema = {
    "type": "string",
    "format": "uuid",
    "description": "Identifies the log. Changes when the log is replaced.",
}
PATTERN: FrameSchema = NAME | {"description": "An event type; * matches any text."}

OWN: FrameSchema = {
    "event_id": NAME,
    "timestamp": TIME,
    "event_type": NAME,
    "source": NAME,
    "data": OBJECT,
    "metadata": OBJECT,
}
NEW_EVENT: FrameSchema = {
    "type": "object",
    "description": f"As in POST /api/events: data and metadata have at most {MAX_EVENT_BYTES // 1024} KiB together.",
    "required": ["event_type", "source"],
    "properties": OWN,
}
LOGGED: FrameSchema = {
    "position": POSITION,
    "recorded_at": TIME,
    "category": {"type": "string", "enum": list(CATEGORIES)},
}
EVENT: FrameSchema = {
    "type": "object",
    "description": "As in GET /api/events.",
    "required": [*OWN, *LOGGED],
    "properties": OWN | LOGGED | {"clock_ahead_s": {"type": "number", "description": "See GET /api/events."}},
}
RESULT: FrameSchema = {
    "type": "object",
    "description": "The result for one event, in the order sent. Large responses contain only the first three fields.",
    "required": ["position", "status", "code"],
    "properties": {
        "position": POSITION | {"type": ["integer", "null"]},
        "status": {"type": "string", "enum": ["accepted", "duplicate", "rejected"]},
        "code": {"type": "integer", "enum": sorted({code.value for code in CODES.values()})},
        "event_id": {"type": "string"},
        "error": {"type": ["string", "null"]},
        "pointer": {"type": ["string", "null"], "description": "A JSON pointer into the frame."},
        "limit": {"type": ["string", "null"]},
        "warnings": {
            "type": "array",
            "description": "Ignored fields and their expected values.",
            "items": {
                "type": "object",
                "required": ["pointer", "expected"],
                "properties": {"pointer": {"type": "string"}, "expected": {"type": "string"}},
            },
        },
    },
}


def incoming(action: str, *required: str, **fields: FrameSchema) -> FrameSchema:
    needed, named = ["action", *required], {"action": {"const": action}, **fields}
    return {"type": "object", "required": needed, "properties": named, "additionalProperties": False}


def outgoing(kind: str, **fields: FrameSchema) -> FrameSchema:
    return {"type": "object", "required": ["type", *fields], "properties": {"type": {"const": kind}, **fields}}


WANTED: FrameSchema = {
    "pattern": {"oneOf": [PATTERN, {"type": "array", "items": PATTERN, "minItems": 1, "maxItems": MAX_PATTERNS}]},
    "q": {"type": "string", "maxLength": MAX_QUERY, "description": "A query, as in GET /api/events."},
    "board": {"type": "string", "maxLength": MAX_QUERY, "description": "Board id or name."},
    "after": POSITION | {"type": ["integer", "null"], "description": "Defaults to the current head: new events only."},
    "epoch": EPOCH | {"type": ["string", "null"], "description": "The epoch of the log that `after` belongs to."},
}
INCOMING: dict[str, FrameSchema] = {
    "subscribe": incoming("subscribe", "id", id=ID, **WANTED),
    "unsubscribe": incoming("unsubscribe", "id", id=ID),
    "publish": incoming(
        "publish",
        id=NO_ID,
        event=NEW_EVENT,
        events={"type": "array", "items": NEW_EVENT, "minItems": 1, "maxItems": MAX_BATCH},
    )
    | {"oneOf": [{"required": ["event"]}, {"required": ["events"]}]},
}
ERROR = outgoing("error", id=NO_ID, code={"type": "integer"}, detail={"type": "string"})
ERROR["properties"] |= {
    "parameter": {"type": "string", "description": "The invalid field."},
    "limit": {"type": "string", "description": "The limit the frame exceeds."},
    "retry_after_s": {"type": "integer", "minimum": 1},
}
OUTGOING: dict[str, FrameSchema] = {
    "subscribed": outgoing("subscribed", id=ID, after=POSITION, epoch=EPOCH),
    "event": outgoing("event", id=ID, event=EVENT),
    "caught_up": outgoing("caught_up", id=ID, head=POSITION),
    "gap": outgoing("gap", id=ID, missed=COUNT, **{"from": POSITION, "to": POSITION}),
    "reset": outgoing("reset", id=ID, after=POSITION, epoch=EPOCH),
    "unsubscribed": outgoing("unsubscribed", id=ID),
    "published": outgoing(
        "published",
        id=NO_ID,
        accepted=COUNT,
        duplicates=COUNT,
        rejected=COUNT,
        results={"type": "array", "items": RESULT},
    ),
    "error": ERROR,
    "heartbeat": outgoing(
        "heartbeat",
        head=POSITION | {"type": ["integer", "null"]},
        at=TIME,
        positions={"type": "object", "additionalProperties": POSITION},
    ),
}
