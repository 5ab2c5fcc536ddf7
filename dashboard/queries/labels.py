"""Adds known names to events that only have the ids of their task, agent or board.

For display only: the event's JSON stays as its producer sent it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dashboard.queries import current_state
from marcus_events.core.event import RecordedEvent
from marcus_events.core.sentences import field, stated_agent_name, stated_board_name


def named(events: Sequence[RecordedEvent]) -> list[RecordedEvent]:
    boards = {event.board_id for event in events if event.board_id and lacks_names(event)}
    if not boards:
        return list(events)
    tasks = [(event.board_id or "", task_id) for event in events for task_id in task_ids(event)]
    agents = [(event.board_id or "", event.agent_id) for event in events if event.agent_id]
    names = current_state.names(boards, agents, tasks)
    return [completed(event, names) if event.board_id in boards else event for event in events]


def task_ids(event: RecordedEvent) -> list[str]:
    """Return the event's task and the one it depends on."""
    return [str(task_id) for task_id in (event.task_id, event.data.get("depends_on_id")) if task_id]


def lacks_names(event: RecordedEvent) -> bool:
    return bool(unnamed(event))


def unnamed(event: RecordedEvent) -> list[str]:
    """Return the name fields that the event lacks."""
    lacking = {
        "task_name": event.task_id and not field(event, "task_name"),
        "agent_name": event.agent_id and not stated_agent_name(event),
        "board_name": event.board_id and not stated_board_name(event),
        "depends_on_name": field(event, "depends_on_id") and not field(event, "depends_on_name"),
    }
    return [name for name, is_lacking in lacking.items() if is_lacking]


def completed(event: RecordedEvent, names: current_state.KnownNames) -> RecordedEvent:
    board_id = event.board_id or ""
    found: dict[str, Any] = {
        "task_name": names.tasks.get((board_id, event.task_id or "")),
        "agent_name": names.agents.get((board_id, event.agent_id or "")),
        "board_name": names.boards.get(board_id),
        "depends_on_name": names.tasks.get((board_id, str(event.data.get("depends_on_id")))),
    }
    added = {name: found[name] for name in unnamed(event) if found[name]}
    inner = event.event
    return replace(event, event=replace(inner, data=event.data | added, metadata=event.metadata | added))
