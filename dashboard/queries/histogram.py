"""Counts the events of a filter over time, for the chart above Activity and History.

Filters on type, category and board are counted from rates, over any time range; others from at most MOST of the newest
events.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dashboard.charts import bars
from dashboard.timeline.time_axis import Mark
from marcus_events import search
from marcus_events.core.filters import EventFilter

COLUMNS = 60  # at most; fewer are too coarse to select, more are too thin
USUAL = timedelta(hours=1)
# Then whole days, which are summed up already.
STEPS = [timedelta(minutes=n) for n in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360)]
DAY = timedelta(days=1)
MOST = 20_000
MARKS = 4  # along the axis, besides its end; on a phone a date needs nearly a quarter of it
LAST_MARK = 75.0  # percent of the axis
LinkTo = Callable[[datetime, datetime], str]  # returns the page's query string for a time range


@dataclass(frozen=True)
class HistogramColumn:
    """The events of one step from `start` on; `query` links to them."""

    start: datetime
    until: datetime
    bar: bars.Bar
    query: str


@dataclass(frozen=True)
class Histogram:
    columns: list[HistogramColumn]
    top: int
    total: int
    is_capped: bool  # older events were not counted
    step: timedelta

    @property
    def width(self) -> int:
        """The width of the view box."""
        return len(self.columns) * 10

    @property
    def marks(self) -> list[Mark]:
        """Return times along the axis, not too close to its end."""
        places = range(0, len(self.columns), max(1, round(len(self.columns) / MARKS)))
        marks = [Mark(self.columns[n].start, round(n / len(self.columns) * 100, 2)) for n in places]
        return [mark for mark in marks if mark.left <= LAST_MARK]

    @property
    def form(self) -> str:
        """The format of times along the axis."""
        return bars.axis_form(self.end - self.columns[0].start)

    @property
    def end(self) -> datetime:
        return self.columns[-1].until


def histogram(chosen: EventFilter, now: datetime, link: LinkTo) -> Histogram:
    """Raises QueryTimeout where the log cannot be counted in time."""
    start, step, number = spread(chosen.since, chosen.until, now)
    within = replace(chosen, since=start, until=start + number * step)
    counted = search.count_by_time(within, step.total_seconds(), MOST)
    return drawn(chosen, start, step, [counted.get(n, 0) for n in range(number)], link)


def drawn(chosen: EventFilter, start: datetime, step: timedelta, values: list[int], link: LinkTo) -> Histogram:
    top = bars.round_up(max(*values, 1))
    columns = [column(start + n * step, step, bar, link) for n, bar in enumerate(bars.bars(values, top))]
    return Histogram(columns, top, sum(values), sum(values) >= MOST and not search.is_precomputed(chosen), step)


def spread(since: datetime | None, until: datetime | None, now: datetime) -> tuple[datetime, timedelta, int]:
    """Return the beginning, the length of a column, and the number of columns."""
    end = until or now
    start = min(since or end - USUAL, end)
    step = next((step for step in STEPS if (end - start) / step <= COLUMNS), DAY * -(-(end - start) // (DAY * COLUMNS)))
    first = start - timedelta(seconds=start.timestamp() % step.total_seconds())
    return first, step, max(1, min(COLUMNS + 1, -(-(end - first) // step)))


def column(start: datetime, step: timedelta, bar: bars.Bar, link: LinkTo) -> HistogramColumn:
    return HistogramColumn(start, start + step, bar, link(start, start + step))
