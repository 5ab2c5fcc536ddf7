"""Counts by the day are the sums of those by the hour, however they came about, and give the same answers."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from marcus_events.core.event import RecordedEvent
from marcus_events.core.filters import EventFilter
from marcus_events.core.reserved import Authority
from marcus_events.ingest import ingest
from marcus_events.log import read
from marcus_events.log.rows import execute
from marcus_events.models import DailyFacet, DailyRate, HourlyFacet, HourlyRate
from marcus_events.projections import RATES, SEARCH, STATE, catch_up, rebuild
from marcus_events.search import count_types_by_time, facets
from tests.lively_log import lively_events, shown_on_pages

BEGIN = datetime(2026, 4, 30, 20, 10, tzinfo=UTC)  # the events are of six days, one in fifteen minutes
TABLES = (
    (HourlyRate, DailyRate, ("board_id", "event_type")),
    (HourlyFacet, DailyFacet, ("board_id", "field", "value")),
)
CAP = 10_000


@pytest.fixture
def logged(log: None) -> list[RecordedEvent]:
    events = lively_events(600)
    for n, event in enumerate(events):
        event.timestamp = BEGIN + n * timedelta(minutes=15)
    ingest(events, Authority.SYSTEM)
    catch_up([STATE, RATES, SEARCH])
    return shown_on_pages(read.following(0, 1_000))


def summed_hours(hourly: Any, keys: tuple[str, ...]) -> Counter[tuple[Any, ...]]:
    found = Counter[tuple[Any, ...]]()
    for *key, hour, count in hourly.objects.values_list(*keys, "hour", "count"):
        found[*key, hour.replace(hour=0)] += count
    return found


def days(daily: Any, keys: tuple[str, ...]) -> Counter[tuple[Any, ...]]:
    return Counter({tuple(key): count for *key, count in daily.objects.values_list(*keys, "day", "count")})


def assert_days_are_sums() -> None:
    for hourly, daily, keys in TABLES:
        assert len({key[-1] for key in days(daily, keys)}) > 5
        assert days(daily, keys) == summed_hours(hourly, keys)


def test_days_are_the_sums_of_their_hours_also_after_a_rebuild(logged: list[RecordedEvent]) -> None:
    assert_days_are_sums()
    rebuild(RATES)
    assert_days_are_sums()


def test_an_old_installation_gets_its_days_from_its_hours(logged: list[RecordedEvent]) -> None:
    before = [days(daily, keys) for _, daily, keys in TABLES]
    migration = import_module("marcus_events.migrations.0038_daily_counts")
    for _, daily, _ in TABLES:
        daily.objects.all().delete()
    execute(migration.FILL_RATES)
    execute(migration.FILL_FACETS)
    assert [days(daily, keys) for _, daily, keys in TABLES] == before


@pytest.mark.parametrize(
    "times",
    [
        *("since:2026-05-01T00:00:00Z", "until:2026-05-04T00:00:00Z"),
        "since:2026-05-01T00:00:00Z until:2026-05-03T00:00:00Z",
        "since:2026-05-01T10:20:00Z until:2026-05-04T03:07:30Z",
        "since:2026-05-01T23:30:00Z until:2026-05-02T00:30:00Z",
        "since:2026-05-02T01:00:00Z until:2026-05-02T04:00:00Z",
        "since:2026-05-02T01:10:00Z until:2026-05-02T01:40:00Z",
    ],
)
@pytest.mark.parametrize("boards", ["", "board_id:shop"])
def test_facets_of_days_hours_and_minutes_together_count_each_event_once(
    logged: list[RecordedEvent], times: str, boards: str
) -> None:
    wanted = EventFilter.parse(f"{times} {boards}")
    matching = [event for event in logged if wanted.matches(event)]
    assert matching
    found = facets(wanted, CAP)
    assert found.total == len(matching)
    assert dict(found.by_field["type"]) == Counter(event.event_type for event in matching)
    assert dict(found.by_field["agent"]) == Counter(event.agent_id for event in matching if event.agent_id)


@pytest.mark.parametrize(
    ("since", "step", "table"),
    [
        (datetime(2026, 4, 30, tzinfo=UTC), timedelta(days=1), "daily_rate"),
        (datetime(2026, 4, 30, tzinfo=UTC), timedelta(days=2), "daily_rate"),
        (datetime(2026, 4, 30, 5, tzinfo=UTC), timedelta(days=1), "hourly_rate"),
        (datetime(2026, 4, 30, tzinfo=UTC), timedelta(hours=6), "hourly_rate"),
        (datetime(2026, 4, 30, 5, 30, tzinfo=UTC), timedelta(days=1), "rate"),
    ],
)
def test_over_time_the_largest_units_that_fit_are_summed_up(
    logged: list[RecordedEvent], since: datetime, step: timedelta, table: str
) -> None:
    until = since + 8 * timedelta(days=1)
    wanted = EventFilter.parse(f"since:{since.isoformat()} until:{until.isoformat()} type:task_*")
    steps = Counter((event.timestamp - since) // step for event in logged if wanted.matches(event))
    assert len(steps) > 2
    with CaptureQueriesContext(connection) as captured:
        found = count_types_by_time(wanted, step.total_seconds(), CAP)
        assert {step: types.total() for step, types in found.items()} == dict(steps)
    assert any(f"FROM {table} " in query["sql"] for query in captured)
