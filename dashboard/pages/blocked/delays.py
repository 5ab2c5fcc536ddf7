"""How long blockers stay open, and how many open per day. Counted in the database.

Counting a hundred thousand rows takes 0.1 s, and pages ask with every frame. So results are cached until a blocker
opens, changes or ends, or the minute is over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from dashboard.charts import bars
from dashboard.visibility import ON_BOARDS, Scope
from marcus_events.log.rows import rows

WEEK = timedelta(days=7)
DAYS = 14
FEWEST = 3  # resolved blockers needed for a median
ALIKE = 1.2  # ratio below which two weeks count as equal
MAX_KEPT = 32  # cached scopes
EDGES_S = (60, 300, 900, 3_600, 14_400, 86_400, 259_200)
LinkTo = Callable[[str, datetime, datetime], str]  # the query of the reports on a board, between two times
BINS = ("< 1 min", "1–5 min", "5–15 min", "15–60 min", "1–4 h", "4–24 h", "1–3 d", "over 3 d")

# The version changes when a blocker opens, changes or ends, and with the log's epoch.
VERSION = """
SELECT epoch, (SELECT max(from_position) FROM blocker), (SELECT max(to_position) FROM blocker) FROM log_head
"""
STAYS = f"""
SELECT count(*),
    percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY extract(epoch FROM resolved_at - opened_at)::float8)
FROM blocker
WHERE to_position IS NULL AND resolved_at >= %(since)s AND resolved_at < %(until)s
    AND {ON_BOARDS}
"""
BINNED = f"""
SELECT width_bucket(extract(epoch FROM resolved_at - opened_at)::float8, %(edges)s::float8[]), count(*)
FROM blocker
WHERE to_position IS NULL AND resolved_at >= %(since)s AND {ON_BOARDS}
GROUP BY 1
"""
OPENED = f"""
SELECT (opened_at AT TIME ZONE 'UTC')::date, count(*), count(*) FILTER (WHERE resolved_at IS NULL)
FROM blocker
WHERE to_position IS NULL AND opened_at >= %(since)s AND opened_at < %(until)s
    AND {ON_BOARDS}
GROUP BY 1
"""
RESOLVED = f"""
SELECT count(*) FROM blocker
WHERE to_position IS NULL AND resolved_at IS NOT NULL AND {ON_BOARDS}
"""


@dataclass(frozen=True)
class MedianDelay:
    """Median and 90th percentile of so many durations."""

    number: int
    median: timedelta
    p90: timedelta


@dataclass(frozen=True)
class Bin:
    """The blockers of a range of durations; `took` selects them in the list of resolved ones."""

    took: str
    title: str
    bar: bars.Bar


@dataclass(frozen=True)
class Day:
    """The blockers opened on a UTC day; `stack` counts those still open. `query` finds their events."""

    day: date
    bar: bars.Bar
    stack: bars.Bar
    query: str


@dataclass(frozen=True)
class Delays:
    """`since` is the beginning of the last week; `resolved` counts all resolved blockers."""

    since: datetime
    lately: MedianDelay | None
    before: MedianDelay | None
    bins: list[Bin]
    days: list[Day]
    resolved: int

    @property
    def is_told(self) -> bool:
        """Whether there are enough resolved blockers for a median."""
        return is_enough(self.lately)

    @property
    def comparison(self) -> str:
        return compared(self.lately, self.before) if self.lately else ""

    @property
    def opened(self) -> int:
        return sum(day.bar.value for day in self.days)

    @property
    def still_open(self) -> int:
        return sum(day.stack.value for day in self.days)


def delays(scope: Scope, now: datetime, link: LinkTo) -> Delays:
    return counted(scope, now.replace(second=0, microsecond=0), rows(VERSION)[0], link)


@lru_cache(MAX_KEPT)
def counted(scope: Scope, minute: datetime, version: tuple[Any, ...], link: LinkTo) -> Delays:
    since = minute - WEEK
    return Delays(
        since=since,
        lately=stay(scope, since, datetime.max.replace(tzinfo=UTC)),
        before=stay(scope, since - WEEK, since),
        bins=bins(scope, since),
        days=days(scope, minute.date(), link),
        resolved=rows(RESOLVED, {"boards": scope.boards})[0][0],
    )


def stay(scope: Scope, since: datetime, until: datetime) -> MedianDelay | None:
    [(number, took)] = rows(STAYS, {"boards": scope.boards, "since": since, "until": until})
    return MedianDelay(number, *(timedelta(seconds=seconds) for seconds in took)) if number else None


def bins(scope: Scope, since: datetime) -> list[Bin]:
    found = dict(rows(BINNED, {"boards": scope.boards, "since": since, "edges": list(EDGES_S)}))
    values = [found.get(n, 0) for n in range(len(BINS))]
    drawn = bars.bars(values, max(*values, 1))
    return [Bin(str(n), title, bar) for n, (title, bar) in enumerate(zip(BINS, drawn, strict=True))]


def days(scope: Scope, today: date, link: LinkTo) -> list[Day]:
    """Return the last DAYS days, ending today."""
    starts = [datetime.combine(today - timedelta(days=n), time(), UTC) for n in range(DAYS - 1, -2, -1)]
    counted = rows(OPENED, {"boards": scope.boards, "since": starts[0], "until": starts[-1]})
    found = {day: numbers for day, *numbers in counted}
    opened, still = zip(*(found.get(start.date(), (0, 0)) for start in starts[:-1]), strict=True)
    top = max(*opened, 1)
    drawn = zip(starts, starts[1:], bars.bars(opened, top), bars.bars(still, top), strict=False)
    return [Day(start.date(), bar, stack, link(scope.board, start, end)) for start, end, bar, stack in drawn]


def is_enough(stay: MedianDelay | None) -> bool:
    return stay is not None and stay.number >= FEWEST


def compared(lately: MedianDelay, before: MedianDelay | None) -> str:
    """Compare each figure; "" if there is nothing to compare with."""
    if before is None or not is_enough(before):
        return ""
    median, p90 = compared_length(lately.median, before.median), compared_length(lately.p90, before.p90)
    return median.capitalize() if median == p90 else f"Median {median}, 90th percentile {p90}"


def compared_length(now: timedelta, before: timedelta) -> str:
    shorter, longer = sorted((now, before))
    if longer <= ALIKE * shorter:
        return "about the same as"
    return "faster than" if shorter == now else "slower than"
