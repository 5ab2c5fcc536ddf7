"""Marcus's connection to a kanban board, and its fallback mode.

1. `kanban_connected` and `kanban_updated` mean that it is connected, and end fallback mode.
2. `kanban_error` means that the connection is lost. The last error is kept after a reconnection.
3. `fallback_mode` means that Marcus works without the board; with `active: false`, it ends fallback mode.
4. An event counts for the board that it names. An event without a board changes nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from marcus_events.core.event import RecordedEvent
from marcus_events.core.reducers.field_readers import text
from marcus_events.core.state import BoardState, State


def kanban_connected(state: State, recorded: RecordedEvent, board_id: str) -> None:
    if board := state.board(board_id):
        state.put(replace(with_connection(board, "connected", recorded), fallback_since=None, fallback_reason=""))


def kanban_error(state: State, recorded: RecordedEvent, board_id: str) -> None:
    if board := state.board(board_id):
        lost = with_connection(board, "lost", recorded)
        error = first_text(recorded, "error", "message", "reason")
        state.put(replace(lost, connection_error=error, connection_error_at=recorded.happened_at))


def fallback_mode(state: State, recorded: RecordedEvent, board_id: str) -> None:
    if not (board := state.board(board_id)):
        return
    if recorded.data.get("active") is False:
        state.put(replace(board, fallback_since=None, fallback_reason=""))
    else:
        since = board.fallback_since or recorded.happened_at
        reason = first_text(recorded, "reason", "message", "error") or board.fallback_reason
        state.put(replace(board, fallback_since=since, fallback_reason=reason))


def with_connection(board: BoardState, connection: str, recorded: RecordedEvent) -> BoardState:
    """Return the board with this connection, since the first event that reports it; the time never decreases."""
    if board.connection == connection:
        return board
    return replace(board, connection=connection, connection_since=latest(recorded.happened_at, board.connection_since))


def latest(moment: datetime, other: datetime | None) -> datetime:
    return max(moment, other) if other else moment


def first_text(recorded: RecordedEvent, *names: str) -> str:
    return next((found for name in names if (found := text(recorded, name))), "")
