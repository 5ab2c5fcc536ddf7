"""/api/asyncapi.json: what may be said over the WebSocket for programs, as AsyncAPI 3.0.

It tells what this program does, which anybody can read in its sources, and nothing of what is in the log. So it needs
no token: tools fetch it before they have one.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from marcus_events.api.docs import SAME_FOR_ALL
from marcus_events.api.endpoint import endpoint
from marcus_events.http.json_body import MAX_BODY
from marcus_events.models import Token
from marcus_events.websocket import consumer, frame_handlers, subscriptions
from marcus_events.websocket.examples import EXAMPLES
from marcus_events.websocket.schemas import INCOMING, OUTGOING

ADDRESS = "/ws/events/"
INTRODUCTION = f"""\
Subscribe to the log from a position, and publish events. Frames are JSON text of at most \
{MAX_BODY // 1024**2} MiB. Each frame gets one response with its id, in order. A connection can have at most \
{frame_handlers.MAX_SUBSCRIPTIONS} subscriptions, and closes after {consumer.MAX_MISTAKES} invalid frames in a row. A \
heartbeat is sent at least every {subscriptions.HEARTBEAT_S:g} s. Frames from the server may gain fields."""
ANSWERS = {"subscribe": "subscribed", "unsubscribe": "unsubscribed", "publish": "published"}
SUMMARIES = {
    "subscribe": "Subscribe to matching events, after a position or from now on.",
    "unsubscribe": "End a subscription.",
    "publish": "Publish one or more events. The response is sent after the commit.",
    "subscribed": "Subscribed. Events after this position follow.",
    "event": "An event of a subscription. Events arrive in log order, each once.",
    "caught_up": "All events up to the head have been sent. New events follow.",
    "gap": "The log no longer has these positions.",
    "reset": "The log has been replaced. Events after this position in the new log follow.",
    "unsubscribed": "The subscription has ended.",
    "published": "The result for each event.",
    "error": "Why a frame failed or, without an id, why the connection closes.",
    "heartbeat": "The connection is alive. Each subscription has received all events up to its position.",
}


@endpoint(scope=None)
def asyncapi(request: HttpRequest, token: Token | None) -> HttpResponse:
    return JsonResponse(description(), headers=SAME_FOR_ALL)


@cache
def description() -> dict[str, Any]:
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Marcus Events", "version": "1", "description": INTRODUCTION},
        "defaultContentType": "application/json",
        "servers": {"site": SITE},
        "channels": {"events": {"address": ADDRESS, "messages": {name: message_at(name) for name in EXAMPLES}}},
        "operations": {**{name: taken(name) for name in INCOMING}, "tell": TOLD},
        "components": {
            "messages": {name: message(name) for name in EXAMPLES},
            "schemas": INCOMING | OUTGOING,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def message_at(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/messages/{name}"}


def in_channel(*names: str) -> list[dict[str, str]]:
    return [{"$ref": f"#/channels/events/messages/{name}"} for name in names]


def taken(name: str) -> dict[str, Any]:
    """An operation of this application's, which receives it and replies."""
    return {
        "action": "receive",
        "summary": SUMMARIES[name],
        "channel": CHANNEL,
        "messages": in_channel(name),
        "reply": {"channel": CHANNEL, "messages": in_channel(ANSWERS[name], "error")},
    }


def message(name: str) -> dict[str, Any]:
    payload = {"$ref": f"#/components/schemas/{name}"}
    return {"name": name, "summary": SUMMARIES[name], "payload": payload, "examples": [{"payload": EXAMPLES[name]}]}


CHANNEL = {"$ref": "#/channels/events"}
SITE = {
    "host": "{host}",
    "protocol": "ws",
    "description": "Use wss behind TLS.",
    "variables": {"host": {"default": "127.0.0.1:8000"}},
    "security": [{"$ref": "#/components/securitySchemes/token"}],
}
TOLD = {
    "action": "send",
    "summary": "Frames that the server sends on its own.",
    "channel": CHANNEL,
    "messages": in_channel("event", "caught_up", "gap", "reset", "error", "heartbeat"),
}
