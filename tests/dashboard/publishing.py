"""Publishes events for tests through ingest, with system authority, and updates the projections."""

from __future__ import annotations

from datetime import timedelta
from itertools import count, pairwise
from typing import Any

from marcus_events.core.event import Event, utc_now
from marcus_events.core.event_types import types_of
from marcus_events.core.reserved import PROGRAM, SYSTEM, USER, Authority
from marcus_events.ingest import ingest
from marcus_events.projections import PROJECTIONS, catch_up, lag
from tests.waiting import wait_until

numbers = count(1)
BY_PEOPLE = (
    *("blocker_acknowledged", "blocker_assigned", "blocker_snoozed", "blocker_answered", "answer_withdrawn"),
    *types_of("audit"),
)


def event(
    event_type: str,
    *,
    board: str = "shop",
    ago: float = 0,
    source: str = "",
    metadata: dict[str, Any] | None = None,
    **data: Any,
) -> Event:
    """Return an event from `ago` minutes ago; "" means no board. Its source is Marcus, or the source allowed for its
    type.
    """
    about = {"board_id": board} if board else {}
    moment = utc_now() - timedelta(minutes=ago)
    by = source or default_source(event_type, data)
    return Event(f"evt_{next(numbers)}", moment, event_type, by, data, about | (metadata or {}))


def default_source(event_type: str, data: dict[str, Any]) -> str:
    if event_type in ("answer_awaited", "answer_seen"):
        return f"{PROGRAM}agent"
    if event_type == "answer_failed":
        return f"{SYSTEM}answers"
    is_by_person = event_type in BY_PEOPLE or (event_type == "blocker_resolved" and "answer_id" in data)
    return USER + str(data.get("by", "ann")) if is_by_person else "marcus"


def publish(*events: Event) -> list[int]:
    """Publish and return the positions."""
    receipts = ingest(events, Authority.SYSTEM)
    refused = [receipt.error for receipt in receipts if receipt.status != "accepted"]
    assert not refused, refused
    catch_up(PROJECTIONS)
    wait_until(lambda: not any(lag(projection.name) for projection in PROJECTIONS))  # a worker may be projecting too
    return [receipt.position for receipt in receipts if receipt.position]


def project(board: str = "shop") -> list[Event]:
    """Four dependent tasks: one done, one blocked, two waiting. One agent."""
    agent, tasks = f"agent_{board}", [f"{board}-{n}" for n in (1, 2, 3, 4)]
    who: dict[str, Any] = {"agent_id": agent}
    complaint: dict[str, Any] = {"description": f"No key for {board}", "severity": "high"}
    return [
        event("project_created", board=board, ago=60, project_name=f"The {board}"),
        event("agent_registered", board=board, ago=59, name=f"Claude of {board}", **who),
        *(event("task_created", board=board, ago=58, task_id=task, task_name=f"Build {task}") for task in tasks),
        *(depends(task, on, board) for on, task in pairwise(tasks)),
        event("task_completed", board=board, ago=50, task_id=tasks[0], **who),
        event("task_started", board=board, ago=40, task_id=tasks[1], **who),
        event("task_blocked", board=board, ago=30, task_id=tasks[1], source=agent, **complaint, **who),
    ]


def depends(task: str, on: str, board: str = "shop") -> Event:
    return event("dependency_detected", board=board, ago=55, task_id=task, depends_on_id=on)


def resolution(board: str = "shop", ago: float = 10) -> Event:
    return event("blocker_resolved", board=board, ago=ago, task_id=f"{board}-2", resolution="Here is the key")


def completions(board: str = "shop") -> list[Event]:
    """Complete the rest of the project."""
    tasks = [f"{board}-{n}" for n in (2, 3, 4)]
    return [event("task_completed", board=board, task_id=task, agent_id=f"agent_{board}") for task in tasks]
