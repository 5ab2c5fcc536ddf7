"""A frame of every kind, as it may be said; a part of the description."""

from __future__ import annotations

from typing import Any

EPOCH = "0b5a52a5-90b7-4c5a-b7d1-64a1e1a4f0a7"
NEW_EVENT = {"event_id": "deploy-17", "event_type": "deploy_finished", "source": "ci", "data": {"version": "0.1.7"}}
EVENT = {
    "event_id": "cart-blocked",
    "timestamp": "2026-05-04T09:02:00+00:00",
    "event_type": "task_blocked",
    "source": "agent_claude",
    "data": {"task_id": "cart", "description": "No API key"},
    "metadata": {"board_id": "shop"},
    "position": 43,
    "recorded_at": "2026-05-04T09:02:00.104503+00:00",
    "category": "task",
}
EXAMPLES: dict[str, dict[str, Any]] = {
    "subscribe": {"action": "subscribe", "id": "a", "pattern": "task_*", "q": "-type:task_progress", "after": 42},
    "unsubscribe": {"action": "unsubscribe", "id": "a"},
    "publish": {"action": "publish", "id": "p1", "events": [NEW_EVENT]},
    "subscribed": {"type": "subscribed", "id": "a", "after": 42, "epoch": EPOCH},
    "event": {"type": "event", "id": "a", "event": EVENT},
    "caught_up": {"type": "caught_up", "id": "a", "head": 43},
    "gap": {"type": "gap", "id": "a", "missed": 7, "from": 43, "to": 49},
    "reset": {"type": "reset", "id": "a", "after": 0, "epoch": EPOCH},
    "unsubscribed": {"type": "unsubscribed", "id": "a"},
    "published": {
        "type": "published",
        "id": "p1",
        "accepted": 1,
        "duplicates": 0,
        "rejected": 0,
        "results": [{"event_id": "deploy-17", "position": 44, "status": "accepted", "code": 201}],
    },
    "error": {
        "type": "error",
        "id": "a",
        "code": 422,
        "detail": "after must be a whole number from 0 to 9223372036854775806.",
        "parameter": "after",
    },
    "heartbeat": {"type": "heartbeat", "head": 44, "at": "2026-05-04T09:02:05+00:00", "positions": {"a": 44}},
}
