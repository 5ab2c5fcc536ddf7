"""How many events of a look there are over time: the picture above Activity.

What the rates know (types, categories, boards) is summed up from them, at any length; for everything else the log is
asked, and no more than MOST of its newest events are counted.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Sum

from dashboard import charts
from dashboard.look import Look
from dashboard.queries import present
from dashboard.queries.wanted import wanted
from marcus_events import models
from marcus_events.core.event import EARLIEST, Event, Recorded
from marcus_events.core.filters import EventFilter, holds
from marcus_events.log import read

COLUMNS = 60  # at most; fewer cannot be brushed, more cannot be seen
USUAL = timedelta(hours=1)
STEPS = [timedelta(minutes=n) for n in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720)]
DAY = timedelta(days=1)
MOST = 20_000
OF_RATES = frozenset({"type", "category", "importance", "board_id"})


@dataclass(frozen=True)
class Column:
    """The events from `start` on, for one step; `query` is the look's query within it."""

    start: datetime
    until: datetime
    bar: charts.Bar
    query: str


@dataclass(frozen=True)
class Histogram:
    columns: list[Column]
    top: int
    total: int
    is_capped: bool  # there are more, older ones that were not counted
    step: timedelta

    @property
    def width(self) -> int:
        """Of the picture's view box."""
        return len(self.columns) * 10

    @property
    def end(self) -> datetime:
        return self.columns[-1].until


def histogram(look: Look, now: datetime) -> Histogram:
    """Raises InvalidFilter where the query cannot be read."""
    chosen = wanted(look)
    start, step, number = spread(chosen.since, chosen.until, now)
    within = replace(chosen, since=start, until=start + number * step)
    counted = of_rates(within, look.board, start, step) if is_of_rates(chosen) else of_log(within, step)
    values = [counted[n] for n in range(number)]
    top = charts.round_up(max(*values, 1))
    bars = charts.bars(values, top)
    columns = [column(look, start + n * step, step, bar) for n, bar in enumerate(bars)]
    return Histogram(columns, top, sum(values), sum(values) >= MOST and not is_of_rates(chosen), step)


def spread(since: datetime | None, until: datetime | None, now: datetime) -> tuple[datetime, timedelta, int]:
    """Where it begins, how long a column is, and how many there are."""
    end = until or now
    start = min(since or end - USUAL, end)
    step = next((step for step in STEPS if (end - start) / step <= COLUMNS), DAY * -(-(end - start) // (DAY * COLUMNS)))
    first = start - timedelta(seconds=start.timestamp() % step.total_seconds())
    return first, step, max(1, min(COLUMNS + 1, -(-(end - first) // step)))


def is_of_rates(chosen: EventFilter) -> bool:
    return all(term.field in OF_RATES for term in chosen.terms)


def of_rates(within: EventFilter, board: str, start: datetime, step: timedelta) -> Counter[int]:
    rows = models.Rate.objects.filter(minute__gte=start, minute__lt=within.until, **present.on(board))
    counted: Counter[int] = Counter()
    shown: dict[str, bool] = {}
    for event_type, minute, number in rows.values_list("event_type", "minute").annotate(Sum("count")).order_by():
        if shown.setdefault(event_type, is_of_type(within, event_type)):
            counted[int((minute - start) / step)] += number
    return counted


def is_of_type(chosen: EventFilter, event_type: str) -> bool:
    """Whether events of this type are among the chosen, whatever board they are of."""
    some = Recorded(0, EARLIEST, Event("", EARLIEST, event_type, "", {}))
    return all(term.field == "board_id" or holds(term, some) for term in chosen.terms)


def of_log(within: EventFilter, step: timedelta) -> Counter[int]:
    removed = read.removed_boards()
    return Counter(read.count_by_time(within, step.total_seconds(), MOST, removed=removed))


def column(look: Look, start: datetime, step: timedelta, bar: charts.Bar) -> Column:
    return Column(start, start + step, bar, look.query(q=during(look.q, start, start + step)))


def during(query: str, start: datetime, until: datetime) -> str:
    """The query, within these times instead of those that it may have named."""
    return str(replace(EventFilter.parse(query), since=start, until=until))
