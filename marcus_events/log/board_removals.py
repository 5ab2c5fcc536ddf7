"""Removed boards: which of their events pages do not show.

The table `board_removal` has a row for each removal of a board that was there; the projection of the state keeps it. An
event is hidden by a removal of its board at a later position. Removals themselves are never shown.
"""

from __future__ import annotations

from collections.abc import Iterable

from marcus_events.log.rows import Connection, rows

LAST = "(SELECT max(position) FROM board_removal WHERE board_removal.board_id = named.board_id)"
# A board is found by a step in the index, however often each was removed.
FIRST_BOARDS = f"""WITH RECURSIVE named AS (
        (SELECT board_id FROM board_removal ORDER BY board_id LIMIT 1)
        UNION ALL
        SELECT (SELECT board_id FROM board_removal WHERE board_id > named.board_id ORDER BY board_id LIMIT 1)
        FROM named WHERE board_id IS NOT NULL
    ) SELECT board_id, {LAST} FROM named WHERE board_id IS NOT NULL LIMIT %s"""
OF_BOARDS = f"SELECT board_id, {LAST} FROM unnest(%s::text[]) AS named(board_id)"


def last_removals(boards: Iterable[str], connection: Connection = None) -> dict[str, int]:
    """Where each of these boards was last removed; without those that never were."""
    found = rows(OF_BOARDS, [list(boards)], connection)
    return {board_id: position for board_id, position in found if position is not None}


def all_if_few(most: int, connection: Connection = None) -> dict[str, int] | None:
    """Where each board that was ever removed last was; None where these are more than `most`."""
    found = rows(FIRST_BOARDS, [most + 1], connection)
    return dict(found) if len(found) <= most else None
