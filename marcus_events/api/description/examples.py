"""One shop, whose cart is blocked: the same example everywhere."""

from __future__ import annotations

from typing import Any

Example = dict[str, Any]
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
EVENT: Example = {
    "event_id": "cart-created",
    "event_type": "task_created",
    "source": "planner",
    "timestamp": "2026-05-04T09:00:00Z",
    "data": {"task_id": "cart", "task_name": "Build the cart", "priority": "high"},
    "metadata": {"board_id": "shop", "board_name": "Storefront"},
}
ANOTHER: Example = {
    "event_id": "cart-started",
    "event_type": "task_started",
    "source": "agent_claude",
    "data": {"task_id": "cart", "agent_id": "agent_claude"},
    "metadata": {"board_id": "shop"},
}
CLOUDEVENT: Example = {
    "specversion": "1.0",
    "id": "cart-created",
    "source": "planner",
    "type": "task_created",
    "time": "2026-05-04T09:00:00Z",
    "boardid": "shop",
    "data": {"task_id": "cart", "task_name": "Build the cart", "priority": "high"},
}
TAKEN: Example = {
    "accepted": 1,
    "duplicates": 0,
    "rejected": 0,
    "results": [{"event_id": "cart-created", "position": 1, "status": "accepted", "code": 201}],
}
REFUSED: Example = {
    "accepted": 0,
    "duplicates": 0,
    "rejected": 1,
    "results": [
        {
            "event_id": "nameless",
            "position": None,
            "status": "rejected",
            "code": 422,
            "error": "/event_type: must be a non-empty string",
            "pointer": "/event_type",
            "limit": None,
        }
    ],
}
RECORDED: Example = {
    "event_id": "cart-blocked",
    "timestamp": "2026-05-04T09:02:00+00:00",
    "event_type": "task_blocked",
    "source": "agent_claude",
    "data": {"task_id": "cart", "agent_id": "agent_claude", "severity": "high", "description": "No API key"},
    "metadata": {"board_id": "shop"},
    "position": 4,
    "recorded_at": "2026-05-04T09:02:00.104503+00:00",
    "category": "task",
}
RECORDED_CLOUDEVENT: Example = {
    "specversion": "1.0",
    "id": RECORDED["event_id"],
    "source": RECORDED["source"],
    "type": RECORDED["event_type"],
    "time": RECORDED["timestamp"],
    "marcusposition": RECORDED["position"],
    "marcusrecordedat": RECORDED["recorded_at"],
    "boardid": "shop",
    "data": RECORDED["data"],
}
BOARD: Example = {
    "board_id": "shop",
    "name": "Storefront",
    "demo": False,
    "created_at": "2026-05-04T09:00:00+00:00",
    "board_type": None,
    "external_id": None,
    "external_url": None,
    "sync_status": None,
    "connection": {"status": None, "since": None, "error": None, "error_at": None},
    "fallback": {"since": None, "reason": None},
    "tasks": {"total": 2, "blocked": 1, "todo": 1},
}
TASK: Example = {
    "task_id": "cart",
    "name": "Build the cart",
    "description": "",
    "board_id": "shop",
    "status": "blocked",
    "since": "2026-05-04T09:02:00+00:00",
    "agent_id": "agent_claude",
    "progress": 0.0,
    "priority": "high",
    "labels": [],
    "parent_task_id": None,
    "depends_on": [],
    "waiting_behind": 1,
    "created_at": "2026-05-04T09:00:00+00:00",
    "external_id": None,
    "external_url": None,
    "sync_status": None,
}
BLOCKER: Example = {
    "blocker_id": 4,
    "event_id": "cart-blocked",
    "task_id": "cart",
    "board_id": "shop",
    "agent_id": "agent_claude",
    "description": "No API key",
    "severity": "high",
    "reported_severity": "high",
    "blocker_type": None,
    "suggestion": None,
    "opened_at": "2026-05-04T09:02:00+00:00",
    "resolved_at": None,
    "resolution": None,
}
AGENT: Example = {
    "agent_id": "agent_claude",
    "name": "Claude",
    "role": None,
    "skills": [],
    "board_id": "shop",
    "status": "blocked",
    "since": "2026-05-04T09:02:00+00:00",
    "task_id": "cart",
}
COUNTERS: Example = {
    "total": 3,
    "by_type": {"task_created": 2, "task_started": 1},
    "by_category": {"task": 3},
    "series": [{"minute": "2026-05-04T09:02:00+00:00", "count": 2}],
}
