"""Whose clocks were ahead lately: so that somebody can find the machine and set its clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from marcus_events.core.event import CLOCK_TOLERANCE
from marcus_events.log.rows import Connection, rows

REACH = 10_000  # positions looked through, back from the head
MOST = 20  # sources
AHEAD = """SELECT source, count(*), max(timestamp - recorded_at), max(recorded_at), max(position)
    FROM event
    WHERE position > (SELECT position FROM log_head WHERE id = 1) - %s AND timestamp - recorded_at > %s
    GROUP BY source ORDER BY max(position) DESC LIMIT %s"""


@dataclass(frozen=True)
class ClockAhead:
    """How many of a source's newest events were ahead, by how much at most, and the last of them."""

    source: str
    events: int
    ahead: timedelta
    last_at: datetime
    position: int


def clocks_ahead(connection: Connection = None) -> list[ClockAhead]:
    """The sources whose timestamps were beyond the tolerance, the most recent first."""
    return [ClockAhead(*row) for row in rows(AHEAD, [REACH, CLOCK_TOLERANCE, MOST], connection)]
