"""Append: dense positions in order of commit, one per identity."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest

from marcus_events.core.event import Event, utc_now
from marcus_events.ingest import entry_from
from marcus_events.log import append as module
from marcus_events.log import read
from marcus_events.log.append import EventData, append
from marcus_events.log.connect import connect
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("log")


@pytest.fixture(autouse=True, params=[module.FEW, 0], ids=["one statement", "COPY"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few events are inserted by one statement, and many by COPY: all promises hold for both."""
    monkeypatch.setattr(module, "FEW", request.param)


def entry(event_id: str, **data: object) -> EventData:
    return entry_from(Event(event_id, utc_now(), "task_progress", "agent_1", dict(data)))


def test_positions_begin_at_one_and_have_no_holes() -> None:
    with connect("test") as connection:
        places = append(connection, [entry(f"e{n}") for n in range(10)])
    assert [place.position for place in places] == list(range(1, 11))
    assert read.head().position == 10


def test_what_is_read_is_what_was_appended() -> None:
    odd = "tab\t, line\r\n, backslash \\N \\. \\t, quotes '\"', \u2028 \U0001f600 \x01 \x7f"
    stated = Event(f"id {odd}", utc_now(), "task_progress", f"source {odd}", {odd: [odd, {"a": None}], "n": 1.5}, {})
    with connect("test") as connection:
        append(connection, [entry_from(stated), entry("plain", task_id=f"task {odd}", agent_id=odd)])
    first, second = read.following(0, 10)
    assert vars(first.event) == vars(stated)
    assert (first.board_id, first.task_id, first.agent_id) == (None, None, None)
    assert (second.task_id, second.agent_id) == (f"task {odd}", odd)


def test_a_batch_is_appended_alike_whether_it_is_known_in_part() -> None:
    with connect("test") as connection:
        append(connection, [entry(f"e{n}") for n in range(0, 300, 3)])
        places = append(connection, [entry(f"e{n}") for n in range(300)])
    assert [n for n, place in enumerate(places) if not place.fresh] == list(range(0, 300, 3))
    assert sorted(place.position for place in places) == list(range(1, 301))
    assert [read.event(places[n].position).event.event_id for n in (0, 1, 299)] == ["e0", "e1", "e299"]  # type: ignore[union-attr]


def test_a_rollback_gives_the_numbers_back() -> None:
    with connect("test") as connection:
        append(connection, [entry("lost")])
        connection.rollback()
        assert append(connection, [entry("kept")])[0].position == 1


def test_the_same_identity_is_answered_with_the_first_position_and_takes_no_number() -> None:
    with connect("test") as connection:
        first = append(connection, [entry("a"), entry("b")])
        again = append(connection, [entry("b"), entry("c"), entry("a")])
    assert [place.position for place in again] == [first[1].position, 3, first[0].position]
    assert [place.fresh for place in again] == [False, True, False]


def test_the_same_identity_twice_in_a_batch_is_one_event() -> None:
    with connect("test") as connection:
        places = append(connection, [entry("a"), entry("b"), entry("a")])
    assert [(place.position, place.fresh) for place in places] == [(1, True), (2, True), (1, False)]


def test_another_source_may_use_the_same_event_id() -> None:
    with connect("test") as connection:
        mine = append(connection, [entry("a")])[0]
        theirs = append(connection, [entry_from(Event("a", utc_now(), "x", "agent_2", {}))])[0]
    assert (mine.position, theirs.position) == (1, 2)


def test_recorded_at_never_decreases_though_the_clock_does() -> None:
    ahead = utc_now() + timedelta(hours=1)
    with connect("test") as connection:
        connection.execute("UPDATE log_head SET recorded_at = %s", (ahead,))
        append(connection, [entry("a"), entry("b")])
    assert [event.recorded_at for event in read.following(0, 10)] == [ahead, ahead]


def test_who_waited_for_the_head_sees_what_was_committed_meanwhile() -> None:
    """Without a snapshot of its own, the second would not see the first's event, and fail on its identity."""
    with connect("first") as first, connect("second") as second:
        append(first, [entry("a")])
        waiting = second.info.backend_pid
        with psycopg.connect(first.info.dsn, autocommit=True) as observer, ThreadPoolExecutor(1) as pool:
            answer = pool.submit(append, second, [entry("a"), entry("b")])
            wait_for_lock(observer, waiting)
            first.commit()
            places = answer.result(180)
    assert [(place.position, place.fresh) for place in places] == [(1, False), (2, True)]


def wait_for_lock(observer: psycopg.Connection[tuple[object, ...]], pid: int) -> None:
    query = "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s"
    wait_until(lambda: (observer.execute(query, (pid,)).fetchone() or (False,))[0])
