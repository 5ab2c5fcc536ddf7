"""Publishers are slowed by what the database says of the lag, and by nothing that is not known."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from pytest_django import Settings

from marcus_events.core.event import Event, utc_now
from marcus_events.core.lag_limit import STALLED_AFTER_S
from marcus_events.ingest import ingest
from marcus_events.log import back_pressure as module
from marcus_events.log import projection_lag
from marcus_events.log.back_pressure import FRESH_S, STALE_S, BackPressure, back_pressure
from marcus_events.log.projection_lag import Lags
from marcus_events.log.rows import Connection, rows
from marcus_events.projections import PROJECTIONS, SEARCH, catch_up
from tests.lagging import age_events
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("log")


@pytest.fixture(autouse=True)
def bound(settings: Settings) -> None:
    settings.MAX_LAG = 30


def publish(event_id: str = "e1") -> None:
    ingest([Event(event_id, utc_now(), "task_started", "agent_1", {})])


def lagging(seconds: float = 40) -> None:
    publish()
    age_events(seconds)


def is_slowing() -> bool:
    return asyncio.run(back_pressure().is_refusing())


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float = STALE_S + 0.1) -> None:
        """By default so far that the lag is measured again before anything is answered."""
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pressure(clock: Clock) -> Iterator[BackPressure]:
    pressure = BackPressure(clock)
    pressure.start()
    yield pressure
    pressure.stop()


def test_publishers_are_slowed_from_the_bound_on_until_half_of_it(pressure: BackPressure, clock: Clock) -> None:
    def is_slowing_by_now() -> bool:
        clock.advance()
        return asyncio.run(pressure.is_refusing())

    lagging(20)
    assert not is_slowing_by_now()
    age_events(20)
    assert is_slowing_by_now()
    catch_up([projection for projection in PROJECTIONS if projection is not SEARCH])
    assert is_slowing_by_now(), "the search is behind"
    age_events(-20)
    assert is_slowing_by_now(), "by more than half of the bound"
    age_events(-20)
    assert not is_slowing_by_now()
    age_events(20)
    assert not is_slowing_by_now()


def test_without_a_bound_nobody_is_slowed_and_nothing_is_measured(settings: Settings) -> None:
    settings.MAX_LAG = 0
    lagging(100_000)
    pressure = back_pressure()
    assert not asyncio.run(pressure.is_refusing())
    assert not pressure.must_wait()
    assert not pressure.is_slowing()
    assert pressure.lag_s == 0


def test_many_publishers_share_a_measurement(
    pressure: BackPressure, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[Lags] = []

    def read_and_note(connection: Connection) -> Lags:
        measured.append(projection_lag.read_lags(connection=connection))
        return measured[-1]

    monkeypatch.setattr(module, "read_lags", read_and_note)
    lagging()
    with ThreadPoolExecutor(8) as publishers:
        assert all(publishers.map(lambda _: pressure.must_wait(), range(200)))
    assert len(measured) == 1
    clock.advance(FRESH_S + 0.01)
    assert pressure.is_slowing(), "the last measurement still counts while the next one is made"
    wait_until(lambda: len(measured) == 2)


def test_what_was_measured_long_ago_slows_nobody(pressure: BackPressure, clock: Clock) -> None:
    lagging()
    assert pressure.must_wait()
    catch_up(PROJECTIONS)
    clock.advance(1_000)
    assert not pressure.is_slowing()
    assert not pressure.must_wait()


def test_while_the_lag_is_not_known_nobody_is_slowed_and_afterwards_all_goes_on(
    pressure: BackPressure, clock: Clock
) -> None:
    lagging()
    assert pressure.must_wait()
    ended = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = %s"
    assert rows(ended, ["marcus back-pressure"]) == [(True,)]
    clock.advance()
    assert not pressure.must_wait()
    clock.advance()
    assert pressure.must_wait()


def test_a_source_waits_for_tables_that_move_and_not_for_those_that_stand_still(
    pressure: BackPressure, clock: Clock
) -> None:
    lagging()
    assert pressure.must_wait()
    clock.advance(STALLED_AFTER_S)
    assert not pressure.must_wait(), "nothing was applied since"
    assert not pressure.is_slowing()
    assert asyncio.run(pressure.is_refusing()), "a program keeps its events and comes again"


def test_waiting_ends_when_the_tables_have_caught_up_or_the_source_is_stopped() -> None:
    lagging()
    stopped, going_on = threading.Event(), threading.Event()
    with ThreadPoolExecutor(2) as sources:
        waiting = [sources.submit(back_pressure().wait, stop) for stop in (stopped, going_on)]
        stopped.set()
        waiting[0].result()
        assert not waiting[1].done()
        catch_up(PROJECTIONS)
        waiting[1].result()
