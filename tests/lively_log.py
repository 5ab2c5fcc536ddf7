"""A seeded log with much activity: two boards, tasks that change, agents, removals, late and foreign events, and a
clock that is far ahead.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from marcus_events.core.event import Event, RecordedEvent

START = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
FAR_AHEAD = datetime(2199, 5, 4, 9, 0, tzinfo=UTC)
TYPES = (
    *("task_created", "task_requested", "task_assigned", "task_started", "task_progress", "task_progress"),
    *("task_blocked", "task_blocked", "blocker_suggestion", "blocker_resolved", "task_completed"),
    *("agent_registered", "agent_status_changed", "dependency_detected", "project_updated", "nightly_backup"),
)


def lively_events(count: int, seed: int = 1) -> list[Event]:
    """Return `count` events about a second apart, some out of order, one in 53 from the year 2199."""
    chance = random.Random(seed)  # noqa: S311 - the same events every time is the point
    return [event(n, chance) for n in range(count)]


def event(n: int, chance: random.Random) -> Event:
    board_id = chance.choice(("shop", "billing"))
    event_type = "board_removed" if n % 400 == 399 else chance.choice(TYPES)
    moment = (FAR_AHEAD if n % 53 == 52 else START) + timedelta(seconds=n - chance.choice((0, 0, 0, 5)))
    metadata = {"board_id": board_id} if chance.random() < 0.95 else {}
    return Event(f"evt_{n}", moment, event_type, "marcus", data_of(event_type, board_id, chance), metadata)


def data_of(event_type: str, board_id: str, chance: random.Random) -> dict[str, Any]:
    task, agent = f"{board_id}-{chance.randrange(12)}", f"agent_{chance.randrange(4)}"
    data: dict[str, Any] = {"agent_id": agent}
    if event_type.startswith(("task", "blocker", "dependency")) and event_type != "task_requested":
        data |= {"task_id": task, "task_name": f"Task {task}"}
    more: dict[str, dict[str, Any]] = {
        "task_progress": {"progress": chance.randrange(101), "status": chance.choice(("in_progress", "blocked"))},
        "task_blocked": {"description": f"Need {chance.randrange(5)}", "severity": chance.choice(("low", "high"))},
        "blocker_suggestion": {"suggestion": {"resolution_steps": ["Ask"]}},
        "agent_registered": {"name": f"Claude {agent[-1]}", "role": "Developer", "skills": ["python"]},
        "agent_status_changed": {"status": chance.choice(("idle", "offline"))},
        "dependency_detected": {"depends_on_id": f"{board_id}-{chance.randrange(12)}"},
        "project_updated": {"project_name": f"The {board_id}"},
    }
    return data | more.get(event_type, {})


def removals_in(log: list[RecordedEvent]) -> dict[str, int]:
    """Return the position of each board's last removal."""
    return {e.board_id: e.position for e in log if e.event_type == "board_removed" and e.board_id}


def shown_on_pages(log: list[RecordedEvent]) -> list[RecordedEvent]:
    """Return the log without removals and what they hide."""
    removed = removals_in(log)
    return [e for e in log if e.event_type != "board_removed" and e.position > removed.get(e.board_id or "", 0)]
