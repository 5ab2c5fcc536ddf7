"""The demo, step by step as its docstring numbers them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from itertools import groupby

import pytest

from marcus_events import models
from marcus_events.core.event import utc_now
from marcus_events.core.reserved import Authority
from marcus_events.ingest import ingest
from marcus_events.log.connect import connect
from marcus_events.projections import PROJECTIONS, catch_up
from marcus_events.sources import demo
from marcus_events.sources.demo_script import script
from tests.sources.away import database_unavailable
from tests.sources.playing import (
    LINES,
    SLOW,
    Playing,
    is_played,
    log,
    publish_real,
    removals,
    remove_by_hand,
    round_of,
    rounds,
    until_middle,
    until_rounds,
)
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("log")


def boards() -> list[str]:
    catch_up(PROJECTIONS)
    return [board.name for board in models.Board.objects.now()]


def test_1_one_process_plays_and_another_goes_on_after_it() -> None:
    with Playing() as first:
        until_rounds(1)
        with Playing():
            until_rounds(3)
            first.stop.set()
            first.thread.join()
            until_rounds(list(rounds().values()).count(LINES) + 1)
    one_after_another = [name for name, _ in groupby(round_of(event) for event in log() if is_played(event))]
    assert one_after_another == list(rounds())


def test_2_it_ends_for_good_when_a_person_removes_the_board() -> None:
    with Playing(speed=SLOW) as playing:
        until_middle()
        remove_by_hand()
        wait_until(lambda: playing.is_over)
    assert boards() == []
    assert next(iter(rounds().values())) < LINES
    count = len(log())
    with Playing() as again:
        wait_until(lambda: again.is_over)
    assert len(log()) == count


def test_2_what_slipped_in_behind_the_removal_is_removed_too() -> None:
    with Playing(speed=SLOW) as playing:
        until_middle()
        playing.stop.set()
    remove_by_hand()
    straggler = next(event for event in log() if event.event_type == "task_progress").event
    straggler.event_id += "-late"
    ingest([straggler], Authority.SYSTEM)
    assert boards() == ["Storefront (demo)"]
    with Playing() as again:
        wait_until(lambda: again.is_over)
    assert boards() == []


def test_3_it_does_not_begin_beside_anything_real() -> None:
    publish_real()
    with Playing() as playing:
        wait_until(lambda: playing.is_over)
    assert len(log()) == 1


def test_3_a_round_is_played_to_its_end_when_something_real_comes_and_is_the_last() -> None:
    with Playing(speed=SLOW) as playing:
        until_middle()
        publish_real()
        wait_until(lambda: playing.is_over)
    assert list(rounds().values()) == [LINES]
    assert removals() == []
    assert boards() == ["Storefront (demo)"]


def test_3_a_round_left_in_the_middle_is_taken_out_of_view_when_something_real_has_come() -> None:
    with Playing(speed=SLOW):
        until_middle()
    publish_real()
    with Playing() as again:
        wait_until(lambda: again.is_over)
    assert removals() == ["unfinished"]
    assert boards() == []


def test_4_a_round_tells_the_run_as_if_it_happened_now() -> None:
    began = utc_now()
    with Playing():
        until_rounds(1)
    events = [event for event in log() if is_played(event)][:LINES]
    assert all(began <= event.timestamp <= utc_now() for event in events)
    assert all(event.board_id == "demo" and event.metadata["demo"] is True for event in events)
    assert all(abs(event.recorded_at - event.timestamp) < timedelta(seconds=5) for event in events)


def test_4_its_end_is_the_end_of_the_run() -> None:
    with Playing(speed=SLOW):
        until_rounds(1)
    catch_up(PROJECTIONS)
    assert [(board.board_id, board.name, board.demo) for board in models.Board.objects.now()] == [
        ("demo", "Storefront (demo)", True)
    ]
    assert {task.status for task in models.Task.objects.now()} == {"done"}
    assert models.Task.objects.now().count() == 25
    assert models.Dependency.objects.now().count() == 20
    assert models.Blocker.objects.now().count() == 9
    assert not models.Blocker.objects.now().filter(resolved_at=None).exists()
    assert {agent.name for agent in models.Agent.objects.now()} == {f"Claude {n}" for n in range(1, 5)}


def test_4_a_further_round_begins_by_taking_the_one_before_out_of_view() -> None:
    with Playing():
        until_rounds(2)
    events = log()
    assert events[LINES].event_type == "board_removed"
    assert events[LINES].data == {"board_id": "demo", "reason": "new round"}
    assert events[LINES + 1].event_type == "system_startup"
    assert len({event.event.event_id for event in events}) == len(events)


def test_4_after_a_restart_a_new_round_begins() -> None:
    with Playing(speed=SLOW):
        until_middle()
    before = len(log())
    with Playing():
        until_rounds(1)
    assert removals()[0] == "new round"
    assert log()[before].event_type == "board_removed"


def test_5_the_finished_board_stays_for_a_while() -> None:
    playing = demo.Round()
    playing.published, playing.clock = LINES, script()[-1].due
    assert not playing.is_over
    playing.clock += demo.PAUSE_S
    assert playing.is_over


def test_6_after_rounds_that_nobody_watched_it_waits_without_the_lock_until_somebody_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(demo, "UNWATCHED_ROUNDS", 2)
    with Playing(watched=False) as playing:
        until_rounds(2)
        wait_until(lock_is_free)
        assert list(rounds().values()) == [LINES, LINES]
        playing.watched = True
        until_rounds(3)


def lock_is_free() -> bool:
    with connect("another", autocommit=True) as connection:
        return connection.execute("SELECT pg_try_advisory_lock(%s)", (demo.LOCK,)).fetchone() == (True,)


def test_6_one_look_by_a_person_in_a_round_is_enough_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "UNWATCHED_ROUNDS", 1)
    with Playing(watched=True):
        until_rounds(3)


def test_7_it_goes_on_where_it_was_when_the_database_is_back() -> None:
    with Playing(speed=SLOW):
        until_middle()
        with database_unavailable():
            pass
        until_rounds(1)
    assert next(iter(rounds().values())) == LINES
    assert [event.event_type for event in log()][:LINES].count("system_startup") == 1


def test_7_a_round_that_another_process_has_followed_with_its_own_is_given_up() -> None:
    with Playing(speed=SLOW) as playing:
        until_middle()
        with lock_taken_over():
            ingest([demo.removal("new round"), script()[0].event("another", utc_now())], Authority.SYSTEM)
        wait_until(lambda: len(rounds()) == 3)
        playing.stop.set()
    first, another, third = rounds().values()
    assert (first < LINES, another, third > 0) == (True, 1, True)


@contextmanager
def lock_taken_over() -> Iterator[None]:
    """The demo's connection is lost, and another process stood in line for the lock."""
    ours = "pg_stat_activity WHERE datname = current_database() AND"
    end = f"SELECT pg_terminate_backend(pid) FROM {ours} application_name = 'marcus demo'"  # noqa: S608 - constants
    waiting = f"SELECT FROM {ours} application_name = 'marcus another' AND wait_event = 'advisory'"
    with connect("another", autocommit=True) as another, connect("look", autocommit=True) as observer:
        with ThreadPoolExecutor(1) as pool:
            taken = pool.submit(another.execute, "SELECT pg_advisory_lock(%s)", (demo.LOCK,))
            wait_until(lambda: observer.execute(waiting).fetchall())
            observer.execute(end)
            taken.result()
        yield
