"""Determine the board, the task and the agent of an event from the fields in which producers name them."""

from __future__ import annotations

from marcus_events.core.event import Event, RecordedEvent
from marcus_events.core.payload import name_in


def board_of(event: Event) -> str | None:
    metadata = event.metadata or {}
    return first_name(metadata.get("board_id"), event.data.get("board_id"), event.data.get("project_id"))


def task_of(event: Event) -> str | None:
    return first_name(event.data.get("task_id"))


def agent_of(event: Event) -> str | None:
    by_source = event.source if event.source.startswith("agent_") else None
    return first_name(event.data.get("agent_id"), event.data.get("worker_id"), by_source)


def first_name(*candidates: object) -> str | None:
    """Return the first valid id; Marcus writes "unknown" for an unknown agent."""
    for candidate in candidates:
        if candidate != "unknown" and (name := name_in(candidate)):
            return name
    return None


def unrecorded(event: Event) -> RecordedEvent:
    """Wrap an event that is not in the log, so that a filter can match it: position 0, recorded at its timestamp."""
    return RecordedEvent(0, event.timestamp, event, board_of(event), task_of(event), agent_of(event))
