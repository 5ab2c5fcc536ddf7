"""How many events of a look there are over time: the picture above Activity.

What the rates know (types, categories, boards) is summed up from them, at any length; for everything else the log is
asked, and no more than MOST of its newest events are counted.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import connection

from dashboard import charts
from dashboard.look import Look
from dashboard.queries.stream import LONGEST_S
from dashboard.queries.wanted import wanted
from dashboard.sight import Scope
from marcus_events.core.event import EARLIEST, Event, Recorded
from marcus_events.core.filters import EventFilter, holds
from marcus_events.log import read
from marcus_events.log.patience import at_most

COLUMNS = 60  # at most; fewer cannot be brushed, more cannot be seen
USUAL = timedelta(hours=1)
STEPS = [timedelta(minutes=n) for n in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720)]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
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
    """Raises InvalidFilter where the query cannot be read, TookTooLong where the log cannot be counted in time."""
    chosen = wanted(look)
    start, step, number = spread(chosen.since, chosen.until, now)
    within = replace(chosen, since=start, until=start + number * step)
    counted = of_rates(within, look.scope, start, step) if is_of_rates(chosen) else of_log(within, step)
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


def of_rates(within: EventFilter, scope: Scope, start: datetime, step: timedelta) -> Counter[int]:
    """Summed up by the database, which has a row for every type, board and minute."""
    counted: Counter[int] = Counter()
    for event_type, number, count in by_step(start, within.until or start, step, scope):
        if is_of_type(within, event_type):
            counted[number] += count
    return counted


def by_step(start: datetime, until: datetime, step: timedelta, scope: Scope) -> list[tuple[str, int, int]]:
    """(type, number of the step, how many). Steps of whole hours begin on the hour: `spread` sees to that."""
    boards = scope.boards
    on_boards = "" if boards is None else " AND board_id = ANY(%s)"
    table, unit = ("hourly_rate", "hour") if step >= HOUR else ("rate", "minute")
    query = f"""SELECT event_type, floor(extract(epoch FROM {unit} - %s) / %s)::int AS step, sum(count)::bigint
        FROM {table} WHERE {unit} >= %s AND {unit} < %s{on_boards} GROUP BY 1, 2"""
    with connection.cursor() as cursor:
        cursor.execute(query, [start, step.total_seconds(), start, until, *([] if boards is None else [boards])])
        found: list[tuple[str, int, int]] = cursor.fetchall()
        return found


def is_of_type(chosen: EventFilter, event_type: str) -> bool:
    """Whether events of this type are among the chosen, whatever board they are of."""
    some = Recorded(0, EARLIEST, Event("", EARLIEST, event_type, "", {}))
    return all(term.field == "board_id" or holds(term, some) for term in chosen.terms)


def of_log(within: EventFilter, step: timedelta) -> Counter[int]:
    removed = read.removed_boards()
    with at_most(LONGEST_S):
        return Counter(read.count_by_time(within, step.total_seconds(), MOST, removed=removed))


def column(look: Look, start: datetime, step: timedelta, bar: charts.Bar) -> Column:
    return Column(start, start + step, bar, look.query(q=during(look.q, start, start + step)))


def during(query: str, start: datetime, until: datetime) -> str:
    """The query, within these times instead of those that it may have named."""
    return str(replace(EventFilter.parse(query), since=start, until=until))
