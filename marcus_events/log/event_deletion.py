"""Deletes single events, and moves the beginning of the log behind them.

What is deleted was declared first: see `marcus_events.retention.removal_declarations`.
"""

from __future__ import annotations

from collections.abc import Sequence

from marcus_events.log.partitions import Connection
from marcus_events.log.rows import rows

DELETE = "DELETE FROM event WHERE position = ANY(%s) RETURNING position"
# In one statement: at no moment is less noted as removed.
JOIN = """WITH gone AS (DELETE FROM removal WHERE is_done AND upper(positions) <= %s RETURNING run_id, positions)
    INSERT INTO removal (run_id, positions, is_done) SELECT max(run_id), range_agg(positions), true FROM gone
    HAVING count(*) > 0"""


def delete_events(connection: Connection, removal_id: int, positions: Sequence[int]) -> list[int]:
    """Delete events within the caller's transaction; the positions of those that were there.

    The log refuses to lose what no row of `removal` declares.
    """
    connection.execute("SELECT set_config('marcus.removal', %s, true)", [str(removal_id)])
    return [position for (position,) in connection.execute(DELETE, [list(positions)]).fetchall()]


def any_between(connection: Connection, first: int, last: int) -> bool:
    """Whether an event stands between two positions, both included."""
    query = "SELECT EXISTS (SELECT FROM event WHERE position BETWEEN %s AND %s)"
    return bool(rows(query, [first, last], connection)[0][0])


def move_oldest(connection: Connection) -> int:
    """The log begins with the first event that there is; that position. What was noted before it becomes one range."""
    query = """UPDATE log_head SET oldest = greatest(oldest, coalesce((SELECT min(position) FROM event), position + 1))
        RETURNING oldest"""
    oldest = int((connection.execute(query).fetchone() or (1,))[0])
    connection.execute(JOIN, [oldest])
    connection.execute("DELETE FROM thinned WHERE position < %s", [oldest])
    return oldest
