"""Boards, and what is on them depends on what."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_types import EventTypes, category_of
from marcus_events.core.external_links import is_pattern
from marcus_events.core.redaction_marker import DEMO
from marcus_events.core.reducers.field_readers import stated_text, texts
from marcus_events.core.reserved import DEMO_BOARD
from marcus_events.core.sentences import board_name, stated_board_name
from marcus_events.core.state import BoardState, DependencyState, State

DEPENDENCY_BOARD_FIELDS = ("depends_on_board_id", "depends_on_project_id")
BOARD_NAMING_TYPES = (EventTypes.PROJECT_CREATED, EventTypes.PROJECT_UPDATED)


def board_of(state: State, recorded: RecordedEvent) -> str:
    """Rule 4."""
    if recorded.board_id:
        return recorded.board_id
    known = state.boards_of_task(recorded.task_id) if recorded.task_id else set()
    return known.pop() if len(known) == 1 else ""


def ensure_board(state: State, recorded: RecordedEvent, board_id: str) -> None:
    """A board exists from the first event that names it; its name may come later."""
    name = board_name(recorded) if recorded.board_id else board_id
    board = state.board(board_id) or BoardState(board_id, name, is_demo(recorded, board_id), recorded.happened_at)
    stated = stated_board_name(recorded)
    if stated and (board.name == board_id or recorded.event_type in BOARD_NAMING_TYPES):
        board = replace(board, name=stated)
    state.put(replace(board, **board_fields(recorded)))


def board_fields(recorded: RecordedEvent) -> dict[str, Any]:
    """What an event says of its board. An external id and a sync status are the board's only in an event about it."""
    of_board = {"board_type": stated_text(recorded, "board_type")}
    pattern = stated_text(recorded, "external_url")
    of_board |= {"external_url": pattern if is_pattern(pattern) else ""}
    of_board |= external_fields(recorded) if is_about_board(recorded) else {}
    return {name: value for name, value in of_board.items() if value}


def is_about_board(recorded: RecordedEvent) -> bool:
    return not recorded.task_id and category_of(recorded.event_type) == "board"


def update_external_fields(state: State, recorded: RecordedEvent, board_id: str) -> None:
    """The external id and the sync status of the task that an event is about."""
    if (ticket := external_fields(recorded)) and (task := state.task(board_id, recorded.task_id or "")):
        state.put(replace(task, **ticket))


def external_fields(recorded: RecordedEvent) -> dict[str, Any]:
    """The id that a thing has in another system, and how far the two are in step; what the event says of it."""
    found = {name: stated_text(recorded, name) for name in ("external_id", "sync_status")}
    return {name: value for name, value in found.items() if value}


def is_demo(recorded: RecordedEvent, board_id: str) -> bool:
    """Only the bundled demo is one: any producer could have marked its board, before that was refused."""
    return board_id == DEMO_BOARD and recorded.metadata.get(DEMO) is True


def board_removed(state: State, recorded: RecordedEvent) -> None:
    """Rule 5. A board that is not known cannot be removed; whatever is on a board has made it known."""
    if recorded.board_id and state.board(recorded.board_id):
        for item in state.on_board(recorded.board_id):
            state.remove(item)


def dependency_detected(state: State, recorded: RecordedEvent, board_id: str) -> None:
    add_dependencies(state, recorded, board_id, "depends_on_id")


def add_dependencies(state: State, recorded: RecordedEvent, board_id: str, field: str) -> None:
    """The event's task cannot go on before those that the field names, on the board that the event names for them."""
    other = dependency_board(recorded)
    for depends_on_id in texts(recorded, field):
        if recorded.task_id and (depends_on_id, other or board_id) != (recorded.task_id, board_id):
            state.put(DependencyState(board_id, recorded.task_id, depends_on_id, other))


def dependency_board(recorded: RecordedEvent) -> str:
    """The board of the tasks that an event's task depends on; "" where it names none."""
    named = [name for field in DEPENDENCY_BOARD_FIELDS for name in texts(recorded, field)]
    return next(iter(named), "")
