"""Boards, their external fields, and the dependencies of tasks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_types import EventTypes, category_of
from marcus_events.core.external_links import is_pattern
from marcus_events.core.redaction_marker import DEMO
from marcus_events.core.reducers.field_readers import stated_texts, texts
from marcus_events.core.reserved import DEMO_BOARD
from marcus_events.core.sentences import board_name, stated_board_name
from marcus_events.core.state import BoardState, DependencyState, State

DEPENDENCY_BOARD_FIELDS = ("depends_on_board_id", "depends_on_project_id")
BOARD_NAMING_TYPES = (EventTypes.PROJECT_CREATED, EventTypes.PROJECT_UPDATED)


def board_of(state: State, recorded: RecordedEvent) -> str:
    """Return the board of an event (rule 4)."""
    if recorded.board_id:
        return recorded.board_id
    known = state.boards_of_task(recorded.task_id) if recorded.task_id else set()
    return known.pop() if len(known) == 1 else ""


def ensure_board(state: State, recorded: RecordedEvent, board_id: str) -> None:
    """Create the board on the first event that names it, and update its name and fields."""
    board = state.board(board_id)
    if board is None:
        name = board_name(recorded) if recorded.board_id else board_id
        board = BoardState(board_id, name, is_demo(recorded, board_id), recorded.happened_at)
    found = board_fields(recorded)
    if board.name == board_id or recorded.event_type in BOARD_NAMING_TYPES:
        found |= {"name": stated} if (stated := stated_board_name(recorded)) else {}
    state.put(replace(board, **found) if found else board)


def board_fields(recorded: RecordedEvent) -> dict[str, Any]:
    """Return the board's fields in an event; external id and sync status only from an event about the board itself."""
    found = stated_texts(recorded, "board_type", "external_url")
    if not is_pattern(found.get("external_url", "")):
        found.pop("external_url", None)
    return found | (external_fields(recorded) if is_about_board(recorded) else {})


def is_about_board(recorded: RecordedEvent) -> bool:
    return not recorded.task_id and category_of(recorded.event_type) == "board"


def update_external_fields(state: State, recorded: RecordedEvent, board_id: str) -> None:
    """Update the external id and the sync status of the event's task."""
    if recorded.task_id and (ticket := external_fields(recorded)) and (task := state.task(board_id, recorded.task_id)):
        state.put(replace(task, **ticket))


def external_fields(recorded: RecordedEvent) -> dict[str, Any]:
    """Return the external id and the sync status in an event, without empty ones."""
    return stated_texts(recorded, "external_id", "sync_status")


def is_demo(recorded: RecordedEvent, board_id: str) -> bool:
    """Whether it is the bundled demo. In old logs other producers may have set the mark, which is reserved now."""
    return board_id == DEMO_BOARD and recorded.metadata.get(DEMO) is True


def board_removed(state: State, recorded: RecordedEvent) -> None:
    """Remove a known board and everything on it (rule 5)."""
    if recorded.board_id and state.board(recorded.board_id):
        for item in state.on_board(recorded.board_id):
            state.remove(item)


def dependency_detected(state: State, recorded: RecordedEvent, board_id: str) -> None:
    add_dependencies(state, recorded, board_id, "depends_on_id")


def add_dependencies(state: State, recorded: RecordedEvent, board_id: str, field: str) -> None:
    """Add a dependency on each task in the field, on the board that the event names for them."""
    other = dependency_board(recorded)
    for depends_on_id in texts(recorded, field):
        if recorded.task_id and (depends_on_id, other or board_id) != (recorded.task_id, board_id):
            state.put(DependencyState(board_id, recorded.task_id, depends_on_id, other))


def dependency_board(recorded: RecordedEvent) -> str:
    """Return the board that the event names for the dependencies; "" if it names none."""
    named = [name for field in DEPENDENCY_BOARD_FIELDS for name in texts(recorded, field)]
    return next(iter(named), "")
