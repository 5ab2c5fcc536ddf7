"""Count events per board by type, source, agent and task: per minute, hour and day, and in all.

Counters, sparklines, histograms and facets read these counts instead of counting the log.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from django.db import models

from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_types import EventTypes
from marcus_events.log.rows import execute_prepared
from marcus_events.models import DailyFacet, DailyRate, Facet, HourlyFacet, HourlyRate, ProjectionName, Rate
from marcus_events.projections.projection import Projection

RateCounts = Counter[tuple[Any, ...]]  # the columns of a key → how many

ADD = """
INSERT INTO {table} AS known ({columns}, count) SELECT * FROM unnest({arrays}, %s::bigint[])
ON CONFLICT ({columns}) DO UPDATE SET count = known.count + excluded.count
"""
COLUMN_TYPES = dict.fromkeys(("minute", "hour", "day"), "timestamptz")  # of a column; all others are texts
COLUMNS: dict[type[models.Model], tuple[str, ...]] = {
    Rate: ("board_id", "event_type", "minute"),
    HourlyRate: ("board_id", "event_type", "hour"),
    DailyRate: ("board_id", "event_type", "day"),
    Facet: ("board_id", "field", "value"),
    HourlyFacet: ("board_id", "field", "value", "hour"),
    DailyFacet: ("board_id", "field", "value", "day"),
}


class RatesProjection(Projection):
    """Counts of events per board by `RecordedEvent.happened_at`. Removing a board removes its counts."""

    name = ProjectionName.RATES
    tables: Sequence[type[models.Model]] = tuple(COLUMNS)

    def project(self, events: Sequence[RecordedEvent]) -> None:
        removals = [event for event in events if event.event_type == EventTypes.BOARD_REMOVED]
        removed = {event.board_id: event.position for event in removals if event.board_id}
        if removed:
            remove_boards(removed)
        save_counts([event for event in events if is_counted(event, removed)])


def remove_boards(board_ids: Collection[str]) -> None:
    for table in COLUMNS:
        table._default_manager.filter(board_id__in=board_ids).delete()


def is_counted(event: RecordedEvent, removed: dict[str, int]) -> bool:
    """Whether the event is counted: removals and events before their board's removal are not."""
    return event.event_type != EventTypes.BOARD_REMOVED and event.position > removed.get(event.board_id or "", 0)


def save_counts(events: Sequence[RecordedEvent]) -> None:
    """Add the events to all tables. Each is counted by few keys, of which the tables' keys are then made."""
    times = [event.happened_at.replace(second=0, microsecond=0) for event in events]
    minutes = Counter((e.board_id or "", e.event_type, time) for e, time in zip(events, times, strict=True))
    producers = Counter(
        (e.board_id or "", e.source, e.agent_id, time.replace(minute=0)) for e, time in zip(events, times, strict=True)
    )
    tasks = Counter((e.board_id or "", "task", e.task_id) for e in events if e.task_id is not None)
    sources = aggregate(producers, lambda key: (key[0], "source", key[1], key[3]))
    agents = aggregate(producers, lambda key: (key[0], "agent", key[2], key[3]) if key[2] is not None else None)
    types = aggregate(minutes, lambda key: (key[0], "type", key[1]))
    hours, hourly_facets = aggregate(minutes, lambda key: (*key[:-1], key[-1].replace(minute=0))), sources + agents
    add_counts(Rate, minutes)
    add_counts(HourlyRate, hours)
    add_counts(DailyRate, aggregate(hours, of_day))
    add_counts(HourlyFacet, hourly_facets)  # types are in the rates, and a task's hours nobody asks for
    add_counts(DailyFacet, aggregate(hourly_facets, of_day))
    add_counts(Facet, types | tasks | aggregate(hourly_facets, lambda key: key[:-1]))


def of_day(key: tuple[Any, ...]) -> tuple[Any, ...]:
    """The key of the day (UTC) in which the hour of a key is."""
    return (*key[:-1], key[-1].replace(hour=0))


def aggregate(counts: Mapping[tuple[Any, ...], int], key_of: Callable[..., tuple[Any, ...] | None]) -> RateCounts:
    """Sum the counts by another key; those without one are left out."""
    found: RateCounts = Counter()
    for key, count in counts.items():
        if (other := key_of(key)) is not None:
            found[other] += count
    return found


def add_counts(table: type[models.Model], counts: Mapping[tuple[Any, ...], int]) -> None:
    """Upsert the counts in key order, so that two processes cannot deadlock."""
    if counts:
        keys = sorted(counts)
        execute_prepared(ADD_TO[table], [*map(list, zip(*keys, strict=True)), [counts[key] for key in keys]])


def add_to(table: type[models.Model]) -> str:
    """The statement that adds counts to a table."""
    names = COLUMNS[table]
    arrays = ", ".join(f"%s::{COLUMN_TYPES.get(name, 'text')}[]" for name in names)
    return ADD.format(table=table._meta.db_table, columns=", ".join(names), arrays=arrays)


ADD_TO = {table: add_to(table) for table in COLUMNS}
RATES = RatesProjection()
