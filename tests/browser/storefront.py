"""A small project to publish: two boards, four dependent tasks, a working and a blocked agent."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

numbers = count(1)
BOARD = {"board_id": "shop", "board_name": "Storefront"}
OTHER_BOARD = {"board_id": "bank", "board_name": "Billing"}
TASKS = {"t1": "Design schema", "t2": "Build login", "t3": "Write tests", "t4": "Document it"}


def event(event_type: str, data: dict[str, Any], board: dict[str, str] = BOARD, **fields: str) -> dict[str, Any]:
    """Return an event as a producer sends it now."""
    identity = {"event_id": f"evt_{next(numbers)}", "timestamp": datetime.now(UTC).isoformat()}
    return identity | {"event_type": event_type, "source": "marcus", "data": data, "metadata": dict(board)} | fields


def project() -> list[dict[str, Any]]:
    """Task 2 is in progress, 3 and 4 wait for it; another board has one task."""
    return [
        event("agent_registered", {"agent_id": "agent_claude_1", "name": "Claude 1", "role": "Backend"}),
        *(event("task_created", {"task_id": task_id, "task_name": name}) for task_id, name in TASKS.items()),
        *(event("dependency_detected", {"task_id": f"t{n}", "depends_on_id": f"t{n - 1}"}) for n in (2, 3, 4)),
        event("task_completed", {"task_id": "t1", "agent_id": "agent_claude_1"}),
        event("task_started", {"task_id": "t2", "agent_id": "agent_claude_1"}),
        event("task_created", {"task_id": "b1", "task_name": "Send invoices"}, OTHER_BOARD),
    ]


def progress(message: str, **data: Any) -> dict[str, Any]:
    said = {"task_id": "t2", "agent_id": "agent_claude_1", "progress": 50, "message": message}
    return event("task_progress", said | data)


def decision(message: str) -> dict[str, Any]:
    """Return an event that always has its own row; progress reports would be folded."""
    return event("decision_logged", {"task_id": "t2", "agent_id": "agent_claude_1", "what": message})


def blocker(description: str, task_id: str = "t2") -> dict[str, Any]:
    said = {"task_id": task_id, "agent_id": "agent_claude_1", "description": description, "severity": "high"}
    return event("task_blocked", said)


def resolution(task_id: str = "t2") -> dict[str, Any]:
    return event("blocker_resolved", {"task_id": task_id, "resolution": "The specification was found"})
