"""How far the projections are behind the log: in events, and in seconds by the clock of the database.

The lag in seconds is the age of the oldest event that a projection has not applied. It is 0 when it has applied all,
however old the newest event is, and it grows while a projection stands still. During `rebuild` it is that of the rows
that readers see. A projection that starts over (another log, or a migration) has applied nothing yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from marcus_events.log.rows import Connection, rows
from marcus_events.models import ProjectionName

TABLES = (ProjectionName.STATE, ProjectionName.RATES)  # what pages show
READ_BY_PEOPLE = (*TABLES, ProjectionName.SEARCH)
BEHIND_AFTER_S = 2.0  # later than that, and a person who waits for a change notices

# One snapshot of the head, the checkpoints and the oldest events, so that nothing is outstanding that was applied.
QUERY = """
SELECT name, coalesce(checkpoint.position, 0), log_head.position,
    coalesce(greatest(extract(epoch FROM clock_timestamp() - oldest.recorded_at), 0), 0)::float8
FROM log_head CROSS JOIN unnest(%s::text[]) AS name
LEFT JOIN checkpoint ON checkpoint.projection = name AND checkpoint.epoch = log_head.epoch
LEFT JOIN LATERAL (
    SELECT recorded_at FROM event
    WHERE position > coalesce(checkpoint.position, 0) AND position <= log_head.position
    ORDER BY position LIMIT 1
) AS oldest ON true
"""


@dataclass(frozen=True)
class ProjectionLag:
    """`position` is the one up to which the projection has come, and `events` how many are left."""

    position: int
    events: int
    seconds: float

    @property
    def is_behind(self) -> bool:
        return self.seconds > BEHIND_AFTER_S


Lags = dict[str, ProjectionLag]


def read_lags(projections: Sequence[str] = READ_BY_PEOPLE, connection: Connection = None) -> Lags:
    """The lag of each of these projections."""
    found = rows(QUERY, [[str(name) for name in projections]], connection)
    return {name: ProjectionLag(position, head - position, seconds) for name, position, head, seconds in found}


def longest(lags: Lags, projections: Sequence[str] = READ_BY_PEOPLE) -> float:
    """The longest lag of these projections, in seconds; 0 where none is known."""
    return max((lags[name].seconds for name in projections if name in lags), default=0.0)
