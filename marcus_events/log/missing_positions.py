"""Where events stand that should not, and where none stand that should: whatever the numbers of the log say."""

from __future__ import annotations

from marcus_events.core.position_ranges import Range
from marcus_events.log.rows import Connection, rows

OUTSIDE = """SELECT e.position FROM log_head AS h, LATERAL (
        (SELECT position FROM event WHERE position < 1 ORDER BY position LIMIT %s)
        UNION ALL (SELECT position FROM event WHERE position > h.position ORDER BY position LIMIT %s)
    ) AS e WHERE h.id = 1 ORDER BY 1"""
BETWEEN = "SELECT position FROM event WHERE position >= %s AND position < %s ORDER BY position LIMIT %s"
NEWEST = "SELECT coalesce(max(position), 0) FROM event"
GAPS = """SELECT before + 1, position FROM (
        SELECT position, lag(position, 1, %s) OVER (ORDER BY position) AS before FROM (
            SELECT position FROM event WHERE position > %s AND position <= %s UNION ALL SELECT %s + 1) AS there
    ) AS neighbours WHERE position > before + 1 ORDER BY position"""


def outside(limit: int) -> list[int]:
    """Positions of events before the first number or after the last."""
    return [row[0] for row in rows(OUTSIDE, [limit, limit])]


def between(first: int, until: int, limit: int) -> list[int]:
    """Positions of events from `first` to before `until`."""
    return [row[0] for row in rows(BETWEEN, [first, until, limit])]


def newest(connection: Connection = None) -> int:
    return int(rows(NEWEST, [], connection)[0][0])


def gaps(after: int, head: int) -> list[Range]:
    """Where nothing stands after a position, up to the head."""
    return [(lower, upper) for lower, upper in rows(GAPS, [after, after, head, head])]
