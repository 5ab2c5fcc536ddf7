"""What a clock that is ahead does to the log: the index by time, who is found, and a log from before."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.db import connection

from marcus_events.core.event import LATEST, Event, utc_now
from marcus_events.core.filters import EventFilter
from marcus_events.ingest import ingest
from marcus_events.log import read
from marcus_events.log.agent_activity import Signs, signs
from marcus_events.log.clock_skew_report import clocks_ahead
from marcus_events.log.connect import connect
from marcus_events.log.sql_filter import where

pytestmark = pytest.mark.usefixtures("log")
HOUR = timedelta(hours=1)


def publish(event_id: str, ahead: timedelta = timedelta(), source: str = "agent_1") -> None:
    at = min(utc_now() + ahead, LATEST)
    ingest([Event(event_id, at, "task_progress", source, {"task_id": "t1", "agent_id": source}, {"board_id": "shop"})])


def found(wanted: EventFilter) -> list[str]:
    return [event.event.event_id for event in read.events(wanted, newest_first=False)]


def test_an_event_of_2199_is_found_where_it_was_recorded_and_nowhere_else() -> None:
    publish("old", -3 * HOUR)
    publish("far", LATEST - utc_now())
    publish("new")
    now = utc_now()
    assert found(EventFilter(since=now - 2 * HOUR)) == ["far", "new"]
    assert found(EventFilter(since=now - 2 * HOUR, until=now + HOUR)) == ["far", "new"]
    assert found(EventFilter(until=now - 2 * HOUR)) == ["old"]
    assert found(EventFilter(since=now + HOUR)) == []


def test_times_are_looked_up_in_an_index() -> None:
    condition, values = where(EventFilter(since=utc_now() - HOUR, until=utc_now()))
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        cursor.execute(f"EXPLAIN SELECT count(*) FROM event WHERE {condition}", values)  # noqa: S608
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("RESET enable_seqscan")
    assert "Index Cond: ((LEAST(" in plan, plan


def test_whose_clocks_were_ahead_and_by_how_much() -> None:
    publish("a")
    publish("b", 2 * HOUR, "agent_2")
    publish("c", 3 * HOUR, "agent_2")
    publish("d", timedelta(minutes=10), "agent_3")
    publish("e", timedelta(minutes=2), "agent_4")
    ahead = clocks_ahead()
    assert [(row.source, row.events, row.position) for row in ahead] == [("agent_3", 1, 4), ("agent_2", 2, 3)]
    assert 3 * HOUR - timedelta(minutes=1) < ahead[1].ahead <= 3 * HOUR


def test_a_heartbeat_of_2199_is_a_sign_of_life_of_the_time_it_came() -> None:
    publish("far", LATEST - utc_now())
    recorded_at = read.following(0, 1)[0].recorded_at
    [found] = signs([("shop", "agent_1")], {}).values()
    assert (found.life, found.progress) == (recorded_at, recorded_at)
    assert found.clock_ahead
    publish("new", timedelta(seconds=-1))
    assert signs([("shop", "agent_1")], {}) == {
        ("shop", "agent_1"): Signs(at := read.following(1, 1)[0].timestamp, at, None)
    }


OLD = """
CREATE SCHEMA old; SET search_path = old;
CREATE TABLE checkpoint AS SELECT name AS projection, 3::bigint AS position, gen_random_uuid() AS epoch
    FROM unnest('{state,rates,search,other}'::text[]) AS name;
CREATE TABLE event (position bigint PRIMARY KEY, recorded_at timestamptz NOT NULL, timestamp timestamptz NOT NULL)
    PARTITION BY RANGE (position);
CREATE TABLE event_0 PARTITION OF event FOR VALUES FROM (MINVALUE) TO (10);
CREATE TABLE event_10 PARTITION OF event FOR VALUES FROM (10) TO (20);
CREATE INDEX event_by_time ON event (timestamp);
"""
INDEXES = "SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = 'event'::regclass AND indisvalid ORDER BY 1"
STARTED_OVER = "SELECT projection FROM checkpoint WHERE epoch = '00000000-0000-0000-0000-000000000000' ORDER BY 1"


def test_a_log_from_before_is_indexed_anew_even_after_a_try_that_broke_off() -> None:
    migration = import_module("marcus_events.migrations.0021_clock_ahead")
    with connect("test", autocommit=True) as own:
        own.execute(OLD.encode())
        try:
            own.execute(migration.INDEX)
            migration.index_partition(own.cursor(), "event_10")
            migration.index(None, SimpleNamespace(connection=own))
            assert own.execute(INDEXES).fetchall() == [("event_by_happened",), ("event_pkey",)]
        finally:
            own.execute("DROP SCHEMA old CASCADE")


def test_projections_start_over_only_where_a_clock_was_far_ahead() -> None:
    migration = import_module("marcus_events.migrations.0021_clock_ahead")
    with connect("test", autocommit=True) as own:
        own.execute(OLD.encode())
        try:
            own.execute("INSERT INTO event VALUES (1, now(), now()), (2, now(), now() + interval '2 s')")
            own.execute(migration.START_OVER)
            assert own.execute(STARTED_OVER).fetchall() == []
            own.execute("INSERT INTO event VALUES (3, now(), '2199-01-01Z')")
            own.execute(migration.START_OVER)
            assert own.execute(STARTED_OVER).fetchall() == [("rates",), ("search",), ("state",)]
        finally:
            own.execute("DROP SCHEMA old CASCADE")
