"""Durable subscriptions, step by step: their place, their lease, failures that park, and replays."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from marcus_events.core.event import Event, utc_now
from marcus_events.ingest import ingest
from marcus_events.log.connect import connect
from marcus_events.log.listener import listener
from marcus_events.subscriptions import Runner, lease, overview
from tests.log.processes import conninfo_of_test_database
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("log")

NAME = "notifier"


def publish(*ids: str, event_type: str = "task_blocked") -> None:
    ingest([Event(event_id, utc_now(), event_type, "s", {}) for event_id in ids])


class Handler:
    """Notes what it is called with; fails on what it was told to, as often as it was told."""

    def __init__(self, **failures: int) -> None:
        self.handled: list[str] = []
        self.attempts: list[str] = []
        self.failures = failures

    def __call__(self, event: Event) -> None:
        self.attempts.append(event.event_id)
        if self.failures.get(event.event_id, 0) > 0:
            self.failures[event.event_id] -= 1
            raise ZeroDivisionError(f"cannot handle {event.event_id}")
        self.handled.append(event.event_id)


@contextmanager
def running(call: Callable[[Event], None], **options: Any) -> Iterator[Runner]:
    settings: dict[str, Any] = {"first_pause_s": 0.001, "longest_pause_s": 0.01, **options}
    runner, stop = Runner(NAME, patterns=("task_*",), matches=is_of_a_task, call=call, **settings), threading.Event()
    thread = threading.Thread(target=runner.run, args=(stop,))
    thread.start()
    try:
        assert runner.wait_created(20)
        yield runner
    finally:
        stop.set()
        listener().wake()
        thread.join()


def is_of_a_task(recorded: Any) -> bool:
    return str(recorded.event_type).startswith("task_")


def test_a_new_subscription_begins_with_what_is_published_from_then_on() -> None:
    publish("before")
    handler = Handler()
    with running(handler):
        publish("a", "b")
        wait_until(lambda: handler.handled == ["a", "b"])


def test_or_after_a_position_and_goes_on_where_it_was() -> None:
    publish("a", "b", "c")
    handler = Handler()
    with running(handler, after=1):
        wait_until(lambda: overview.state(NAME).lag == 0)
    publish("d")
    with running(handler, after=0):
        wait_until(lambda: overview.state(NAME).lag == 0)
    assert handler.handled == ["b", "c", "d"]


def test_what_does_not_match_is_passed_over_and_moves_the_position() -> None:
    handler = Handler()
    with running(handler, after=0):
        publish("noise", event_type="kanban_updated")
        publish("a")
        publish("more noise", event_type="kanban_updated")
        wait_until(lambda: overview.state(NAME).position == 3)
    assert handler.handled == ["a"]


def test_a_failure_is_tried_again_and_keeps_the_order() -> None:
    handler = Handler(b=2)
    publish("a", "b", "c")
    with running(handler, after=0):
        wait_until(lambda: overview.state(NAME).lag == 0)
    assert handler.handled == ["a", "b", "c"]
    assert handler.attempts == ["a", "b", "b", "b", "c"]
    assert (overview.state(NAME).parked, overview.state(NAME).retrying) == (0, 0)


def test_a_poison_event_is_parked_with_its_error_and_stops_no_other() -> None:
    handler = Handler(b=99)
    publish("a", "b", "c")
    with running(handler, after=0, max_attempts=3):
        wait_until(lambda: overview.state(NAME).lag == 0)
    (parked,) = overview.parked(NAME)
    assert handler.handled == ["a", "c"]
    assert (parked.position, parked.attempts, parked.error) == (2, 3, "cannot handle b")


def test_attempts_are_counted_across_owners() -> None:
    publish("a")
    first, second = Handler(a=99), Handler(a=99)
    with running(first, after=0, max_attempts=3, first_pause_s=60, longest_pause_s=60):
        wait_until(lambda: overview.state(NAME).retrying == 1)
    with running(second, max_attempts=3):
        wait_until(lambda: overview.state(NAME).parked == 1)
    assert (len(first.attempts), len(second.attempts)) == (1, 2)


def test_what_is_parked_is_replayed_or_skipped_by_command() -> None:
    handler = Handler(a=3, b=3, c=5)
    publish("a", "b", "c")
    with running(handler, after=0, max_attempts=3, lease_s=0.3):
        wait_until(lambda: overview.state(NAME).parked == 3)
        assert "cannot handle a" in said(NAME)
        assert "1 skipped" in said(NAME, "--skip", "2")
        said(NAME, "--replay", "all")
        wait_until(lambda: handler.handled == ["a"])
        wait_until(lambda: [event.replay for event in overview.parked(NAME)] == [False])
        assert overview.parked(NAME)[0].attempts == 4
        said(NAME, "--replay", "3")
        wait_until(lambda: overview.parked(NAME)[0].attempts == 5)
        said(NAME, "--replay", "3")
        wait_until(lambda: overview.state(NAME).parked == 0)
    assert handler.handled == ["a", "c"]


def test_the_list_tells_how_far_each_has_come() -> None:
    with running(Handler()):
        wait_until(lambda: overview.state(NAME).owner)
    publish("a", "b")
    (row,) = said().splitlines()[1:]
    assert row.split() == [NAME, "task_*", "0", "2", "nobody", "0"]
    assert "removed" in said(NAME, "--remove")
    assert len(said().splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["nobody"], "nobody does not exist"),
        ([NAME, "--replay", "7"], "no parked event at 7"),
        ([NAME, "--skip", "x"], "not a position"),
        (["--remove"], "name of a subscription"),
    ],
)
def test_mistakes_are_told(words: list[str], reason: str) -> None:
    lease.create(NAME, ("*",), None)
    with pytest.raises(CommandError, match=reason):
        said(*words)


def test_a_subscription_that_is_run_cannot_be_removed() -> None:
    with running(Handler()):
        wait_until(lambda: overview.state(NAME).owner)
        with pytest.raises(CommandError, match="Stop it first"):
            said(NAME, "--remove")


def said(*words: str) -> str:
    out = StringIO()
    call_command("subscriptions", *words, stdout=out)
    return out.getvalue()


def test_one_owner_at_a_time_and_the_next_one_when_its_connection_is_gone() -> None:
    lease.create(NAME, ("*",), None)
    with connect("first") as first, connect("second", autocommit=True) as second:
        first.autocommit = True
        assert lease.acquire(first, NAME, ("*",), 60)
        assert lease.acquire(second, NAME, ("*",), 60) is None
        first.close()
        wait_until(lambda: lease.acquire(second, NAME, ("*",), 60))


def test_nothing_of_a_stale_owner_is_written() -> None:
    publish("a", "b")
    lease.create(NAME, ("*",), 0)
    with connect("first", autocommit=True) as first, connect("second", autocommit=True) as second:
        stale = lease.acquire(first, NAME, ("*",), 0.001)
        newest = wait_until(lambda: lease.acquire(second, NAME, ("*",), 60))
        assert stale
        assert newest
        acts: list[Callable[[], None]] = [
            lambda: stale.acknowledge(2, stale.epoch),
            lambda: stale.park(1, stale.epoch, 5, "late"),
            lambda: stale.failed(1, "late"),
            lambda: stale.replayed(1),
            lambda: stale.replay_failed(1, "late"),
            stale.renew,
            stale.release,
        ]
        for act in acts:
            with pytest.raises(lease.Fenced):
                act()
        assert overview.state(NAME).position == newest.position == 0
        assert (overview.state(NAME).parked, overview.state(NAME).last_error) == (0, "")
        newest.acknowledge(1, newest.epoch)
        assert overview.state(NAME).position == 1


class LateAnswers(psycopg.Connection[Any]):
    """The server has done what it was asked; the answer is read when `meanwhile` has returned."""

    meanwhile: Callable[[], object] = staticmethod(lambda: None)

    def execute(self, *args: Any, **options: Any) -> psycopg.Cursor[Any]:
        answer = super().execute(*args, **options)
        self.meanwhile()
        return answer


def test_an_owner_that_was_stopped_while_the_answer_was_under_way_is_not_sure_of_its_lease() -> None:
    lease.create(NAME, ("*",), None)
    late = LateAnswers.connect(conninfo_of_test_database(), autocommit=True)
    with late, connect("second", autocommit=True) as second:
        first = lease.acquire(late, NAME, ("*",), 0.5)
        assert first
        late.meanwhile = lambda: wait_until(lambda: lease.acquire(second, NAME, ("*",), 60))
        first.renew()
        late.meanwhile = lambda: None
        with pytest.raises(lease.Fenced):
            first.confirm()


def test_an_owner_handles_nothing_more_once_another_has_taken_over(caplog: pytest.LogCaptureFixture) -> None:
    """Its connection is gone; what it has read of the log already is no longer its own."""
    first, second, go_on = Handler(), Handler(), threading.Event()

    def wait_after(event: Event) -> None:
        first(event)
        assert go_on.wait(180)

    publish("a", "b", "c")
    with running(wait_after, after=0):
        wait_until(lambda: first.handled == ["a"])
        surely_until = time.monotonic() + lease.SURE_FOR_S
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(backend) FROM subscription")
        with running(second):
            wait_until(lambda: second.handled == ["a", "b", "c"])
            wait_until(lambda: time.monotonic() > surely_until)
            go_on.set()
            wait_until(lambda: "is waiting for the database" in caplog.text)
            assert first.handled == ["a"]


def test_another_log_is_begun_at_its_beginning() -> None:
    handler = Handler()
    publish("a")
    with running(handler, after=0):
        wait_until(lambda: handler.handled == ["a"])
        with connection.cursor() as cursor:
            cursor.execute("UPDATE log_head SET epoch = %s", [uuid4()])
        wait_until(lambda: handler.handled == ["a", "a"])
        publish("b")
        wait_until(lambda: handler.handled == ["a", "a", "b"])
