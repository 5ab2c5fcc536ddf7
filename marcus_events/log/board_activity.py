"""When the newest event of a board happened."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from marcus_events.log.rows import Connection, rows
from marcus_events.log.sql_filter import HAPPENED_AT

QUERY = f"""SELECT named.board_id, newest.happened_at FROM unnest(%s::text[]) AS named(board_id) CROSS JOIN LATERAL (
        SELECT {HAPPENED_AT} AS happened_at FROM event
        WHERE board_id = named.board_id AND event_type <> ALL(%s) ORDER BY position DESC LIMIT 1
    ) AS newest"""


def board_activity(
    boards: Collection[str], hidden_types: Collection[str], connection: Connection = None
) -> dict[str, datetime]:
    """Return by board when its newest event happened, without events of types that are hidden."""
    if not boards:
        return {}
    return dict(rows(QUERY, [list(boards), list(hidden_types)], connection))
