"""Counts the events of a filter over time, for the chart above Activity and History.

Filters on type, category and board are counted from rates, over any time range; others from at most MOST of the newest
events. Routine events that a page hides are counted too, so that it can say how many they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dashboard.charts import bars
from dashboard.queries.counters import TITLES
from dashboard.timeline.time_axis import Mark
from marcus_events import search
from marcus_events.core.event_types import CATEGORIES, Category, category_of, meaning_of
from marcus_events.core.filters import EventFilter, Term

COLUMNS = 60  # at most; fewer are too coarse to select, more are too thin
MINUTE = timedelta(minutes=1)
USUAL = timedelta(hours=1)
# Then whole days, which are summed up already.
STEPS = [timedelta(minutes=n) for n in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360)]
DAY = timedelta(days=1)
MOST = 20_000
MARKS = 4  # along the axis, besides its end; on a phone a date needs nearly a quarter of it
LAST_MARK = 75.0  # percent of the axis
WITHOUT_ROUTINE = Term("importance", ("noise",), exclude=True)
LinkTo = Callable[[datetime, datetime], str]  # returns the page's query string for a time range
CategoryCounts = Counter[Category]


@dataclass(frozen=True)
class HistogramColumn:
    """The events of one step from `start` on; `query` links to them. `before` is the number in the period before."""

    start: datetime
    until: datetime
    bar: bars.Bar
    query: str
    values: str  # "Tasks 12 · Agents 3"
    before: int | None = None


@dataclass(frozen=True)
class HistogramLayer:
    """The events of a category; `path` is its part of all bars."""

    category: Category
    title: str
    total: int
    path: str
    before: int = 0


@dataclass(frozen=True)
class PeriodBefore:
    """The period of the same length before; `path` marks its values in the chart."""

    since: datetime
    until: datetime
    total: int
    path: str
    is_capped: bool


@dataclass(frozen=True)
class Histogram:
    columns: list[HistogramColumn]
    top: int
    total: int
    is_capped: bool  # older events were not counted
    step: timedelta
    layers: list[HistogramLayer]
    hidden: int = 0  # routine events that the filter excludes
    is_live: bool = False  # ends now
    before: PeriodBefore | None = None

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


@dataclass(frozen=True)
class StepCounts:
    """The events of each step by category, and how many routine ones were left out."""

    steps: list[CategoryCounts]
    hidden: int
    is_capped: bool

    @property
    def values(self) -> list[int]:
        return [step.total() for step in self.steps]


def histogram(chosen: EventFilter, now: datetime, link: LinkTo) -> Histogram:
    """Raises QueryTimeout where the log cannot be counted in time."""
    start, step, number = spread(chosen.since, chosen.until, now)
    counted = count_steps(chosen, start, step, number)
    return drawn(counted, start, step, link, is_live=is_live(chosen, now))


def is_live(chosen: EventFilter, now: datetime) -> bool:
    return chosen.until is None or chosen.until >= now


def count_steps(chosen: EventFilter, start: datetime, step: timedelta, number: int) -> StepCounts:
    """Count the events of `number` steps from `start` on. Raises QueryTimeout."""
    terms = tuple(term for term in chosen.terms if term != WITHOUT_ROUTINE)
    wanted = replace(chosen, terms=terms, since=start, until=start + number * step)
    hides, hidden = len(terms) < len(chosen.terms), 0
    steps = [CategoryCounts() for _ in range(number)]
    counted = search.count_types_by_time(wanted, step.total_seconds(), MOST)
    for n, types in counted.items():
        for event_type, count in types.items():
            if hides and meaning_of(event_type).importance == "noise":
                hidden += count
            elif 0 <= n < number:
                steps[n][category_of(event_type)] += count
    is_capped = not search.is_precomputed(wanted) and sum(types.total() for types in counted.values()) >= MOST
    return StepCounts(steps, hidden, is_capped)


def drawn(
    counted: StepCounts,
    start: datetime,
    step: timedelta,
    link: LinkTo,
    *,
    is_live: bool = False,
    before: tuple[datetime, datetime, StepCounts] | None = None,
) -> Histogram:
    """`before` are the period before the counted one, and its counts."""
    values, earlier = counted.values, before[2].values if before else []
    top = bars.round_up(max(*values, *earlier, 1))
    drawn_bars = bars.bars(values, top)
    columns = [
        HistogramColumn(
            start + n * step,
            start + (n + 1) * step,
            bar,
            link(start + n * step, start + (n + 1) * step),
            in_words(counted.steps[n]),
            earlier[n] if before else None,
        )
        for n, bar in enumerate(drawn_bars)
    ]
    return Histogram(
        columns,
        top,
        sum(values),
        counted.is_capped,
        step,
        layers(counted, drawn_bars, before[2] if before else None),
        counted.hidden,
        is_live,
        PeriodBefore(before[0], before[1], sum(earlier), outline(bars.bars(earlier, top)), before[2].is_capped)
        if before
        else None,
    )


def layers(counted: StepCounts, drawn_bars: list[bars.Bar], before: StepCounts | None) -> list[HistogramLayer]:
    """Return the categories that have events, lowest first."""
    totals = sum(counted.steps, CategoryCounts())
    earlier = sum(before.steps, CategoryCounts()) if before else CategoryCounts()
    found = [category for category in CATEGORIES if totals[category] or earlier[category]]
    paths = bars.stacked(drawn_bars, [[step[category] for step in counted.steps] for category in found])
    return [
        HistogramLayer(category, TITLES[category], totals[category], path, earlier[category])
        for category, path in zip(found, paths, strict=True)
    ]


def outline(drawn_bars: list[bars.Bar]) -> str:
    """Return a path with a line at the height of each bar that has events."""
    return "".join(f"M{bar.x} {bar.y}h10" for bar in drawn_bars if bar.value)


def in_words(step: CategoryCounts) -> str:
    return " · ".join(f"{TITLES[category]} {step[category]:,}" for category in CATEGORIES if step[category])


def spread(since: datetime | None, until: datetime | None, now: datetime) -> tuple[datetime, timedelta, int]:
    """Return the beginning, the length of a column, and the number of columns.

    Without `since` they are the last sixty minutes, the present one included, as on Now.
    """
    end = until or now
    start = min(since or end - USUAL + MINUTE, end)
    step = next((step for step in STEPS if (end - start) / step <= COLUMNS), DAY * -(-(end - start) // (DAY * COLUMNS)))
    first = start - timedelta(seconds=start.timestamp() % step.total_seconds())
    return first, step, max(1, min(COLUMNS + 1, -(-(end - first) // step)))
