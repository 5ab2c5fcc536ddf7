"""What History asks of the log: the only place that does. Everything raises TookTooLong after LONGEST_S."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from dashboard import charts
from dashboard.look import Look
from dashboard.queries import histogram
from dashboard.queries.stream import LONGEST_S
from dashboard.queries.wanted import wanted
from dashboard.sight import Sight
from marcus_events.core.event import Recorded
from marcus_events.core.filters import EventFilter
from marcus_events.log import facets as counting
from marcus_events.log import read
from marcus_events.log.patience import at_most

FACET_CAP = 10_000  # events whose values are counted
BATCH = 500  # events that an export holds at a time, and no more than BATCH_BYTES of them
BATCH_BYTES = 1024 * 1024


def chosen(look: Look, sight: Sight) -> EventFilter:
    """Raises InvalidFilter where the query cannot be read."""
    return sight.narrow(wanted(look))


def page(
    filtered: EventFilter, *, after: int | None = None, before: int | None = None, limit: int, newest_first: bool
) -> read.Page:
    with at_most(LONGEST_S):
        return read.page(filtered, after=after, before=before, limit=limit, newest_first=newest_first)


def facets(filtered: EventFilter) -> tuple[dict[str, Counter[str]], bool]:
    """By field the values with their counts, and whether only the newest FACET_CAP events were counted."""
    with at_most(LONGEST_S):
        return counting.facets(filtered, FACET_CAP)


def over_time(look: Look, filtered: EventFilter, now: datetime) -> histogram.Histogram | None:
    """From the first event that matches to now, or within the times that the query names; None where there is none."""
    with at_most(LONGEST_S):
        first = read.events(filtered, limit=1, newest_first=False)
        if not first:
            return None
        start, step, number = histogram.spread(filtered.since or first[0].timestamp, filtered.until, now)
        within = replace(filtered, since=start, until=start + number * step)
        counted = read.count_by_time(within, step.total_seconds(), histogram.MOST, removed={})
    values = [counted.get(n, 0) for n in range(number)]
    top = charts.round_up(max(*values, 1))
    columns = [histogram.column(look, start + n * step, step, bar) for n, bar in enumerate(charts.bars(values, top))]
    return histogram.Histogram(columns, top, sum(values), sum(values) >= histogram.MOST, step)


def batches(filtered: EventFilter, until: int) -> Iterator[list[Recorded]]:
    """Everything up to a position, oldest first, never more than a batch of it at a time."""
    after = 0
    while True:
        found = read.page(filtered, after=after, before=until + 1, limit=BATCH, max_bytes=BATCH_BYTES)
        if found.events:
            yield found.events
        if not found.has_more:
            return
        after = found.events[-1].position
