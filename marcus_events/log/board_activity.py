"""When the newest event of a board happened, and the newest of an agent's own."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from marcus_events.log.agent_activity import DONE_TO_IT
from marcus_events.log.rows import Connection, rows
from marcus_events.log.sql_filter import HAPPENED_AT

REACH = 500  # events of a board in which an agent's is looked for

QUERY = f"""SELECT named.board_id, newest.happened_at, sign.happened_at FROM unnest(%s::text[]) AS named(board_id)
    LEFT JOIN LATERAL (
        SELECT {HAPPENED_AT} AS happened_at FROM event
        WHERE board_id = named.board_id AND event_type <> ALL(%s) ORDER BY position DESC LIMIT 1
    ) AS newest ON true
    LEFT JOIN LATERAL (
        SELECT happened_at FROM (
            SELECT {HAPPENED_AT} AS happened_at, agent_id, event_type FROM event
            WHERE board_id = named.board_id ORDER BY position DESC LIMIT {REACH}
        ) AS recent WHERE agent_id IS NOT NULL AND event_type <> ALL(%s) LIMIT 1
    ) AS sign ON true"""

BY_ACTIVITY = """SELECT board.board_id FROM board LEFT JOIN LATERAL (
        SELECT position FROM event
        WHERE event.board_id = board.board_id AND event_type <> ALL(%(hidden)s) ORDER BY position DESC LIMIT 1
    ) AS newest ON true
    WHERE board.to_position IS NULL AND (%(boards)s::text[] IS NULL OR board.board_id = ANY(%(boards)s::text[]))
    ORDER BY newest.position DESC NULLS LAST, board.board_id LIMIT %(limit)s"""


@dataclass(frozen=True)
class BoardActivity:
    """`event` is None without events, `sign` without an event of an agent among the newest."""

    event: datetime | None = None
    sign: datetime | None = None


def board_activity(
    boards: Collection[str], hidden_types: Collection[str], connection: Connection = None
) -> dict[str, BoardActivity]:
    """Return the activity of these boards, without events of types that are hidden."""
    if not boards:
        return {}
    found = rows(QUERY, [list(boards), list(hidden_types), DONE_TO_IT], connection)
    return {board_id: BoardActivity(event, sign) for board_id, event, sign in found}


def boards_by_activity(
    boards: Collection[str] | None, hidden_types: Collection[str], limit: int, connection: Connection = None
) -> list[str]:
    """Return the ids of boards, the one with the newest event first; None means every board."""
    values = {"boards": None if boards is None else list(boards), "hidden": list(hidden_types), "limit": limit}
    return [board_id for (board_id,) in rows(BY_ACTIVITY, values, connection)]
