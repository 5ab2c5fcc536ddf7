"""Every frame as JSON Schema, made of its declaration. Tests hold a real conversation to it.

What comes in has no other fields than these; to what goes out, fields may be added.
"""

from __future__ import annotations

from typing import Any

from marcus_events.core.json_schema import JsonSchema, object_schema, summary_of
from marcus_events.websocket import outgoing
from marcus_events.websocket.incoming import ACTIONS

SENT: dict[str, Any] = {
    "subscribed": outgoing.SubscribedFrame,
    "event": outgoing.EventFrame,
    "caught_up": outgoing.CaughtUpFrame,
    "gap": outgoing.GapFrame,
    "reset": outgoing.ResetFrame,
    "unsubscribed": outgoing.UnsubscribedFrame,
    "published": outgoing.PublishedFrame,
    "error": outgoing.ErrorFrame,
    "heartbeat": outgoing.HeartbeatFrame,
}


def frame_schema(kind: Any) -> JsonSchema:
    """Without its summary, which the message has."""
    return {name: value for name, value in object_schema(kind).items() if name != "description"}


def incoming(action: str, kind: Any) -> JsonSchema:
    schema = frame_schema(kind)
    return schema | {
        "required": ["action", *schema.get("required", ())],
        "properties": {"action": {"const": action}, **schema["properties"]},
        "additionalProperties": False,
    }


SUMMARIES = {name: summary_of(kind) for name, kind in {**ACTIONS, **SENT}.items()}
INCOMING = {action: incoming(action, kind) for action, kind in ACTIONS.items()}
INCOMING["publish"]["oneOf"] = [{"required": ["event"]}, {"required": ["events"]}]
OUTGOING = {name: frame_schema(kind) for name, kind in SENT.items()}
