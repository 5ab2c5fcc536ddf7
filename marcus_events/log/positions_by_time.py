"""Where in the log a moment is: times of our own clock, which never decrease along it."""

from __future__ import annotations

from bisect import bisect_left
from datetime import datetime

from marcus_events.log import read
from marcus_events.log.rows import Connection, rows

RECORDED_AT = "SELECT recorded_at FROM event WHERE position >= %s ORDER BY position LIMIT 1"


def position_at(moment: datetime, head: read.Head, connection: Connection = None) -> int:
    """The first position that was recorded at this moment or later; one beyond the head where there is none.

    Some two dozen look-ups by position in a log of ten million, whatever lies between.
    """

    def recorded_at(position: int) -> datetime:
        """Of the next event that is still there."""
        found = rows(RECORDED_AT, [position], connection)
        return found[0][0] if found else head.recorded_at

    positions = range(head.oldest, head.position + 1)
    return head.oldest + bisect_left(positions, moment, key=recorded_at)
