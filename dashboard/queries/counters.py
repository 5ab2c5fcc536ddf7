"""Counts events by type and minute, from precomputed rates; never scans the log."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, Sum

from dashboard.charts import bars
from dashboard.visibility import Scope
from marcus_events import models
from marcus_events.core.event_types import CATEGORIES, Category, category_of, meaning_of

MINUTES = 60
MAX_KINDS = 25  # listed types per category; programs may invent any number
TITLES: dict[Category, str] = {
    "task": "Tasks",
    "agent": "Agents",
    "context": "Context",
    "system": "System",
    "board": "Boards",
    "audit": "Audit",
    "other": "Other",
}


@dataclass(frozen=True)
class TypeCount:
    """The events of one type: in the last hour and in all."""

    event_type: str
    title: str
    hour: int
    total: int

    @property
    def is_noise(self) -> bool:
        """Counted, but hidden from streams by default."""
        return meaning_of(self.event_type).importance == "noise"


@dataclass(frozen=True)
class Tile:
    """The events of a category. `minutes` are the last sixty, oldest first; `kinds` the MAX_KINDS most frequent
    types.
    """

    category: Category
    title: str
    minutes: list[int]
    total: int
    kinds: list[TypeCount]
    types: int

    @property
    def more(self) -> int:
        return self.types - len(self.kinds)

    @property
    def hour(self) -> int:
        return sum(self.minutes)

    @property
    def peak(self) -> int:
        return max(self.minutes)

    @property
    def spark(self) -> bars.Spark:
        return bars.spark(self.minutes)


@dataclass(frozen=True)
class Minute:
    """One column of the chart; `start` is its beginning."""

    start: datetime
    bar: bars.Bar


@dataclass(frozen=True)
class Counters:
    tiles: list[Tile]
    minutes: list[Minute]
    top: int

    @property
    def hour(self) -> int:
        return sum(minute.bar.value for minute in self.minutes)

    @property
    def total(self) -> int:
        return sum(tile.total for tile in self.tiles)

    @property
    def busiest(self) -> Minute:
        return max(self.minutes, key=lambda minute: minute.bar.value)


def counters(scope: Scope, now: datetime) -> Counters:
    """Return tiles and chart of the last sixty minutes, for one board or all visible ones."""
    first = now.replace(second=0, microsecond=0) - timedelta(minutes=MINUTES - 1)
    series, totals = recent(scope, first), ever(scope)
    sums = [sum(column) for column in zip(*series.values(), strict=True)] or [0] * MINUTES
    top = bars.round_up(max(sums))
    starts = [first + timedelta(minutes=i) for i in range(MINUTES)]
    minutes = [Minute(start, bar) for start, bar in zip(starts, bars.bars(sums, top), strict=True)]
    return Counters(tiles(series, totals), minutes, top)


def recent(scope: Scope, first: datetime) -> dict[str, list[int]]:
    """Return type → events per minute since `first`."""
    series: dict[str, list[int]] = defaultdict(lambda: [0] * MINUTES)
    rows = rates(scope).filter(minute__gte=first, minute__lt=first + timedelta(minutes=MINUTES))
    for event_type, minute, number in rows.values_list("event_type", "minute").annotate(Sum("count")):
        if category_of(event_type) != "audit":  # it has its own page
            series[event_type][int((minute - first).total_seconds() // 60)] = number
    return series


@dataclass(frozen=True)
class HourCount:
    """The events of the last sixty minutes, counted as Activity shows them: `routine` ones are hidden there."""

    shown: int
    routine: int


def in_last_hour(scope: Scope, now: datetime) -> HourCount:
    first = now.replace(second=0, microsecond=0) - timedelta(minutes=MINUTES - 1)
    rows = rates(scope).filter(minute__gte=first, minute__lt=first + timedelta(minutes=MINUTES))
    of_types = dict(rows.values_list("event_type").annotate(Sum("count")))
    routine = sum(number for name, number in of_types.items() if meaning_of(name).importance == "noise")
    return HourCount(sum(of_types.values()) - routine, routine)


def ever(scope: Scope) -> dict[str, int]:
    """Return type → all events, from totals by board."""
    types = models.Facet.objects.filter(field="type", **scope.on()).exclude(value__in=scope.visibility.hidden_types)
    return dict(types.order_by().values_list("value").annotate(number=Sum("count")))


def rates(scope: Scope) -> Any:
    return scope.counted(models.Rate.objects).order_by()


def tiles(series: dict[str, list[int]], totals: dict[str, int]) -> list[Tile]:
    """Return one tile per category; "other" only if it has events. Audit has its own page."""
    found = [tile(category, series, totals) for category in CATEGORIES if category != "audit"]
    return [tile for tile in found if tile.category != "other" or tile.total]


def tile(category: Category, series: dict[str, list[int]], totals: dict[str, int]) -> Tile:
    types = [name for name in totals if category_of(name) == category]
    kinds = [TypeCount(name, meaning_of(name).title, sum(series.get(name, [])), totals[name]) for name in types]
    minutes = [sum(column) for column in zip(*(series[name] for name in types if name in series), strict=True)]
    return Tile(
        category=category,
        title=TITLES[category],
        minutes=minutes or [0] * MINUTES,
        total=sum(kind.total for kind in kinds),
        kinds=sorted(kinds, key=lambda kind: (-kind.hour, -kind.total, kind.title))[:MAX_KINDS],
        types=len(kinds),
    )


def last_at(scope: Scope) -> datetime | None:
    """Return the minute of the newest event."""
    newest: datetime | None = rates(scope).aggregate(Max("minute"))["minute__max"]
    return newest
