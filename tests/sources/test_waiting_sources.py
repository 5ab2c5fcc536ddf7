"""A follower and a proxy wait while the tables are far behind the log. They keep their place, and lose nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from marcus_events.core import lag_limit
from marcus_events.core.event import Event, utc_now
from marcus_events.ingest import ingest
from marcus_events.log import read
from marcus_events.log.back_pressure import back_pressure
from marcus_events.marcus_proxy import act_publisher
from marcus_events.projections import PROJECTIONS, catch_up
from marcus_events.sources.marcus.follower import Follower
from tests.lagging import age_events
from tests.sources.following import Following
from tests.sources.test_proxied_acts import ACCEPTED, BOARD, TASK, proxying
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("lagging")
EVENTS_OF_THE_RUN = 718


@pytest.fixture
def lagging(log: None, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables are behind, and count as moving for as long as the test takes."""
    monkeypatch.setattr(lag_limit, "STALLED_AFTER_S", float("inf"))
    settings.MAX_LAG = 30
    ingest([Event("outstanding", utc_now(), "note", "someone", {})])
    age_events(40)


def has_been_slowed() -> bool:
    """Whether the source, which is the only one to ask, was told to wait."""
    return back_pressure().lag_s >= 40


@contextmanager
def following(root: Path) -> Iterator[threading.Event]:
    """A follower in a thread, until the event is set; `Following` would wait until it has published."""
    stop = threading.Event()
    reports = Following(root)
    follower = Follower(root, None, reports, stop)

    def run() -> None:
        try:
            follower.run()
        finally:
            follower.close()
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join()


def test_a_follower_publishes_nothing_until_the_tables_have_caught_up(root: Path) -> None:
    with following(root):
        wait_until(has_been_slowed)
        assert read.head().position == 1
        catch_up(PROJECTIONS)
        wait_until(lambda: read.head().position == 1 + EVENTS_OF_THE_RUN)


def test_a_follower_that_is_stopped_while_it_waits_goes_on_there_the_next_time(root: Path) -> None:
    with following(root) as stop:
        wait_until(has_been_slowed)
        stop.set()
    assert read.head().position == 1
    catch_up(PROJECTIONS)
    with Following(root):
        assert read.head().position == 1 + EVENTS_OF_THE_RUN


def test_acts_of_a_proxy_wait_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(act_publisher, "ROUND_S", 0.1)
    with proxying(tmp_path / "proxy", BOARD) as proxied:
        events = proxied.put("report_task_progress", ACCEPTED, task_id=TASK, status="in_progress", progress=50)
        wait_until(has_been_slowed)
        assert proxied.publisher.waiting == len(events) > 0
        assert read.head().position == 1
        catch_up(PROJECTIONS)
        proxied.wait()
    assert read.head().position == 1 + len(events)


def test_tables_that_stand_still_hold_no_source_up(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as a follower in a terminal, on a database that no server works with."""
    monkeypatch.setattr(lag_limit, "STALLED_AFTER_S", 0.0)
    with Following(root):
        assert read.head().position == 1 + EVENTS_OF_THE_RUN
