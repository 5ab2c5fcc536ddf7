"""Retention: what goes, what stays, what is written down, and what holds it back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection

from marcus_events.audit.hash_chain import verify
from marcus_events.core.event import Event, utc_now
from marcus_events.core.filters import EventFilter
from marcus_events.ingest import ingest
from marcus_events.log import partitions as log_partitions
from marcus_events.log import read
from marcus_events.log.connect import connect
from marcus_events.log.partitions import Connection, make_room
from marcus_events.models import LogHead, RetentionPolicy, RetentionRun, Subscription, Thinned
from marcus_events.projections import PROJECTIONS, catch_up
from marcus_events.retention import deletion, runs
from marcus_events.retention.horizon import HOLDS_FOR, recorded_before
from marcus_events.retention.preview import previews
from marcus_events.retention.removal_declarations import Entry
from tests.log.test_partitions import as_at_first
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("log")
KEEP = timedelta(days=30)


def publish(*types: str, board: str = "shop", task: str = "t1") -> None:
    stated = [
        Event(f"{read.head().position}-{n}", utc_now(), kind, "agent_1", {"task_id": task}, {"board_id": board})
        for n, kind in enumerate(types)
    ]
    assert all(receipt.status == "accepted" for receipt in ingest(stated))


def policy(pattern: str = "*", board: str = "", **fields: object) -> RetentionPolicy:
    values = {"pattern": pattern, "board_id": board, "keep_days": KEEP.days} | fields
    return RetentionPolicy.objects.create(**values)


def run_at(position: int) -> RetentionRun:
    """Run at the moment at which everything up to a position is old enough, and nothing behind it."""
    catch_up(PROJECTIONS)
    behind = read.event(position + 1)
    now = behind.recorded_at if behind else utc_now()
    found = runs.run(now + KEEP)
    assert found is not None
    return found


def positions() -> list[int]:
    return [event.position for event in read.events(EventFilter(), newest_first=False)]


def written_down() -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT generate_series(lower(one), upper(one) - 1) FROM removal, unnest(positions) AS one")
        return {row[0] for row in cursor.fetchall()}


def in_two_steps() -> None:
    """Three events, and two more that were recorded later."""
    publish("task_created", "task_started", "task_progress")
    publish("task_progress", "task_completed")


def test_a_time_is_a_place_in_the_log() -> None:
    in_two_steps()
    third, fourth = read.event(3), read.event(4)
    assert third
    assert fourth
    assert recorded_before(third.recorded_at) < 3
    assert recorded_before(fourth.recorded_at) == 3
    assert recorded_before(utc_now() + KEEP) == 5
    assert recorded_before(utc_now() - KEEP) == 0


def test_what_is_older_goes_and_the_log_says_where_it_begins() -> None:
    in_two_steps()
    policy()
    done = run_at(3)
    assert positions()[:2] == [4, 5]
    assert (done.removed, done.oldest, done.error) == (3, 4, "")
    assert read.head().oldest == 4
    assert read.kept_since() == read.event(4).recorded_at  # type: ignore[union-attr]
    told = read.events(EventFilter.parse("type:events_removed"))[0]
    assert (told.data["count"], told.data["run"]) == (3, done.pk)
    assert told.data["ranges"] == told.data["all"] == "{[1,4)}"


def test_of_a_type_only_those_go_and_each_is_written_down() -> None:
    publish("task_created", "task_progress", "task_progress", "task_started", "task_progress")
    publish("task_completed")
    policy("task_prog*")
    assert run_at(5).removed == 3
    assert positions()[:3] == [1, 4, 6]
    assert written_down() == {2, 3, 5}
    assert read.head().oldest == 1


def test_the_most_special_policy_counts() -> None:
    publish("decision_logged", "task_progress")
    publish("decision_logged", "task_progress", board="bank")
    publish("task_progress")
    policy()
    policy("decision_*", keep_days=3650)
    policy("decision_logged", board="bank", keep_days=KEEP.days)
    run_at(4)
    assert positions()[:2] == [1, 5]


def test_one_that_is_not_enabled_removes_nothing() -> None:
    publish("task_created")
    policy(enabled=False)
    catch_up(PROJECTIONS)
    assert runs.run(utc_now() + 2 * KEEP) is None
    assert positions() == [1]


def test_a_change_of_policies_is_looked_at_anew() -> None:
    in_two_steps()
    special = policy("task_*", keep_days=3650)
    policy()
    assert run_at(3).removed == 0
    special.delete()
    assert run_at(3).removed == 3


def test_the_preview_is_what_the_run_removes() -> None:
    publish("task_created", "task_progress", "task_progress")
    publish("task_completed")
    policy("task_progress")
    policy()
    catch_up(PROJECTIONS)
    moment = read.event(4).recorded_at + KEEP  # type: ignore[union-attr]
    told = {str(one.policy): one.count for one in previews(moment)}
    done = runs.run(moment)
    assert done is not None
    assert (
        told
        == done.removed_by
        == {f"task_progress older than {KEEP.days} days": 2, f"all events older than {KEEP.days} days": 1}
    )


def test_a_subscription_that_is_behind_is_waited_for_and_then_no_more() -> None:
    in_two_steps()
    policy()
    Subscription.objects.create(name="slow", patterns="*", position=1, epoch=read.head().epoch)
    held = run_at(3)
    assert (held.removed, held.held_by, held.passed_over) == (1, "slow", "")
    behind = read.event(4)
    assert behind
    late = runs.run(behind.recorded_at + KEEP + HOLDS_FOR)
    assert late is not None
    assert (late.removed, late.passed_over) == (4, "slow")


def test_what_a_projection_has_not_seen_stays() -> None:
    in_two_steps()
    policy()
    found = runs.run(utc_now() + 2 * KEEP)
    assert found is not None
    assert found.removed == 0


def test_runs_of_like_events_become_the_first_and_the_last_which_counts_the_others() -> None:
    publish("task_started", *["task_progress"] * 5, "decision_logged", *["task_progress"] * 3, "task_completed")
    policy("task_progress", act="thin")
    assert run_at(11).removed == 4
    assert positions()[:7] == [1, 2, 6, 7, 8, 10, 11]
    assert dict(Thinned.objects.values_list("position", "count")) == {6: 3, 10: 1}
    assert written_down() == {3, 4, 5, 9}


def test_what_another_agent_or_task_reports_meanwhile_does_not_end_a_run() -> None:
    for _ in range(3):
        publish("task_progress", task="a")
        publish("task_progress", task="b")
    policy("task_progress", act="thin")
    run_at(6)
    assert positions()[:4] == [1, 2, 5, 6]


def test_one_that_was_killed_is_finished_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    publish(*["task_progress"] * 7)
    policy("task_progress")
    monkeypatch.setattr(deletion, "BATCH", 2)
    monkeypatch.setattr(deletion, "PAUSE_S", 0)
    allowed, delete = iter([True, True]), deletion.delete

    def dies(own: Connection, entry: Entry, positions: list[int]) -> int:
        if not next(allowed, False):
            raise KeyboardInterrupt
        return delete(own, entry, positions)

    monkeypatch.setattr(deletion, "delete", dies)
    with pytest.raises(KeyboardInterrupt):
        run_at(7)
    assert written_down() == {*range(1, 8)}
    assert positions()[:3] == [5, 6, 7]
    assert verify().is_whole
    monkeypatch.undo()
    assert run_at(7).removed == 3
    assert verify().is_whole


def test_two_do_not_run_at_once() -> None:
    policy()
    with connect("test", autocommit=True) as own:
        own.execute("SELECT pg_advisory_lock(%s)", [runs.LOCK])
        with pytest.raises(runs.RetentionBusy):
            runs.run()


def test_a_worker_runs_it_by_itself_and_not_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "LOOK_EVERY_S", 0.01)
    policy()
    runs.RETENTION.get()
    wait_until(lambda: RetentionRun.objects.exclude(ended_at=None).count() == 1)
    runs.RETENTION.stop()
    assert not runs.is_due(utc_now())
    assert runs.is_due(utc_now() + runs.EVERY)


def test_it_runs_at_once_when_somebody_asks_for_it() -> None:
    policy()
    RetentionRun.objects.create(started_at=utc_now(), ended_at=utc_now())
    runs.RETENTION.get().request(True)
    wait_until(lambda: RetentionRun.objects.exclude(ended_at=None).count() == 2)


def is_whole() -> bool:
    """But for the position before the first event, which no event ever had."""
    return {fault.position for fault in verify().faults} <= {1_000_000}


@pytest.fixture
def small_partitions(log: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The log goes on at a million, in partitions of ten."""
    as_at_first()
    LogHead.objects.update(position=1_000_000, oldest=1_000_001)
    monkeypatch.setattr(log_partitions, "SIZE", 10)
    monkeypatch.setattr(log_partitions, "AHEAD", 20)
    with connect("test", autocommit=True) as own:
        make_room(own, 1_000_030)
    yield
    as_at_first()


@pytest.mark.usefixtures("small_partitions")
def test_old_partitions_are_dropped_whole() -> None:
    publish(*["task_progress"] * 25)
    publish("task_completed")
    policy()
    done = run_at(1_000_025)
    assert (done.partitions, done.removed, done.oldest) == (3, 25, 1_000_026)
    assert done.bytes_freed > 0
    assert positions()[0] == 1_000_026
    assert written_down() == {*range(1, 1_000_026)}
    assert is_whole()


@pytest.mark.usefixtures("small_partitions")
def test_a_partition_with_something_to_keep_stays() -> None:
    publish(*["task_progress"] * 12, "decision_logged", *["task_progress"] * 12)
    policy()
    policy("decision_*", keep_days=3650)
    done = run_at(1_000_025)
    assert positions()[0] == done.oldest == 1_000_013
    assert done.partitions == 2


@pytest.mark.usefixtures("small_partitions")
def test_a_partition_between_two_that_stay_is_written_down() -> None:
    publish("decision_logged", *["task_progress"] * 24)
    publish("task_completed")
    policy()
    policy("decision_*", keep_days=3650)
    done = run_at(1_000_025)
    assert positions()[:2] == [1_000_001, 1_000_026]
    assert done.oldest == 1_000_001
    assert set(range(1_000_002, 1_000_026)) <= written_down()
    assert is_whole()


@pytest.mark.usefixtures("small_partitions")
def test_a_long_reader_holds_up_nothing_but_the_end_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletion, "WAIT_FOR_READERS", "50ms")
    publish(*["task_progress"] * 25)
    policy()
    with connect("reader") as reader:
        reader.execute("SELECT count(*) FROM event")
        done = run_at(1_000_025)
        publish("task_completed")
        assert "being read" in done.error
    assert is_whole()
    assert run_at(1_000_025).error == ""
    assert positions()[0] > 1_000_025
    assert is_whole()
