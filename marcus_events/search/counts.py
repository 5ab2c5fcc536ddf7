"""How many events a filter finds, in all and over time.

What the rates know is exact at any length. Everything else is counted among the newest that match, as many as are asked
for.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from marcus_events.core.filters import EventFilter
from marcus_events.log.event_counts import count_by_step
from marcus_events.log.rows import rows
from marcus_events.search.execute import Asked, patiently, positions
from marcus_events.search.precomputed_counts import counts, is_of, is_rated
from marcus_events.search.retry import with_retry

MINUTE_S, HOUR_S = 60, 3_600
BY_STEP = """SELECT board_id, event_type, floor(extract(epoch FROM {unit} - %s) / %s)::int AS step, sum(count)::bigint
    FROM {table} WHERE {unit} >= %s AND {unit} < %s{boards} GROUP BY 1, 2, 3"""

is_counted = is_rated


@with_retry
def count(wanted: EventFilter, cap: int) -> int:
    """How many there are. `cap` means that many at least; every other number is exact. Raises TookTooLong."""
    with patiently() as patience:
        if not is_rated(wanted):
            return len(positions(Asked.newest(wanted), cap, patience))
        found = counts(wanted.since, wanted.until)
        return sum(
            number for (board, field, value), number in found.items() if field == "type" and is_of(wanted, board, value)
        )


@with_retry
def count_between(wanted: EventFilter, after: int, before: int, cap: int) -> int:
    """How many there are between two positions, both exclusive: no more than `cap`. Raises TookTooLong."""
    with patiently() as patience:
        return len(positions(Asked.newest(wanted, after, before), cap, patience))


@with_retry
def count_by_time(wanted: EventFilter, step_s: float, cap: int) -> dict[int, int]:
    """How many there are in each step after `wanted.since`, by its number; both ends and the step in whole minutes.

    Of the newest `cap` that match, unless `is_counted(wanted)`. Raises TookTooLong.
    """
    with patiently() as patience:
        if is_rated(wanted) and wanted.since and wanted.until and step_s % MINUTE_S == 0:
            return by_step(wanted, wanted.since, wanted.until, step_s)
        found = positions(Asked.newest(wanted), cap, patience)
        patience.renew()
        return count_by_step(found, wanted.since, step_s)


def by_step(wanted: EventFilter, since: datetime, until: datetime, step_s: float) -> dict[int, int]:
    by_hour = step_s % HOUR_S == 0 and since.replace(minute=0, second=0, microsecond=0) == since
    table, unit = ("hourly_rate", "hour") if by_hour else ("rate", "minute")
    boards = list(wanted.values("board_id"))
    query = BY_STEP.format(table=table, unit=unit, boards=" AND board_id = ANY(%s)" if boards else "")
    found = Counter[int]()
    for board, event_type, step, number in rows(query, [since, step_s, since, until, *([boards] if boards else [])]):
        if is_of(wanted, board, event_type):
            found[step] += number
    return dict(found)
