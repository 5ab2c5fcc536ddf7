"""Boards, and what is on them depends on what."""

from __future__ import annotations

from dataclasses import replace

from marcus_events.core.event import Recorded
from marcus_events.core.fold.fields import texts
from marcus_events.core.redacted import DEMO
from marcus_events.core.reserved import DEMO_BOARD
from marcus_events.core.sentences import board_name, stated_board_name
from marcus_events.core.state import Board, Dependency, State
from marcus_events.core.vocabulary import EventTypes

NAMING = (EventTypes.PROJECT_CREATED, EventTypes.PROJECT_UPDATED)


def board_of(state: State, recorded: Recorded) -> str:
    """Rule 4."""
    if recorded.board_id:
        return recorded.board_id
    known = state.boards_of_task(recorded.task_id) if recorded.task_id else set()
    return known.pop() if len(known) == 1 else ""


def know_board(state: State, recorded: Recorded, board_id: str) -> None:
    """A board exists from the first event that names it; its name may come later."""
    name = board_name(recorded) if recorded.board_id else board_id
    board = state.board(board_id) or Board(board_id, name, is_demo(recorded, board_id), recorded.happened_at)
    stated = stated_board_name(recorded)
    if stated and (board.name == board_id or recorded.event_type in NAMING):
        board = replace(board, name=stated)
    state.put(board)


def is_demo(recorded: Recorded, board_id: str) -> bool:
    """Only the bundled demo is one: any producer could have marked its board, before that was refused."""
    return board_id == DEMO_BOARD and recorded.metadata.get(DEMO) is True


def board_removed(state: State, recorded: Recorded) -> None:
    """Rule 5. A board that is not known cannot be removed; whatever is on a board has made it known."""
    if recorded.board_id and state.board(recorded.board_id):
        for item in state.on_board(recorded.board_id):
            state.remove(item)


def dependency_detected(state: State, recorded: Recorded, board_id: str) -> None:
    depend(state, recorded, board_id, "depends_on_id")


def depend(state: State, recorded: Recorded, board_id: str, field: str) -> None:
    """The event's task cannot go on before those that the field names."""
    for depends_on_id in texts(recorded, field):
        if recorded.task_id and depends_on_id != recorded.task_id:
            state.put(Dependency(board_id, recorded.task_id, depends_on_id))
