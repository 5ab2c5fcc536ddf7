"""The tail: every position once, in order, whoever writes and however slowly they commit."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import cast

import pytest
from django.db import connection

from marcus_events.core.event import Event, utc_now
from marcus_events.core.filters import EventFilter
from marcus_events.ingest import entry_from, ingest
from marcus_events.log import read
from marcus_events.log import tail as tail_module
from marcus_events.log.append import append
from marcus_events.log.connect import connect
from marcus_events.log.listener import Listener
from marcus_events.log.tail import BATCH, FEW, EpochChanged, Tail
from tests.log.processes import acknowledged, conninfo_of_test_database, start_appender
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("log")

WRITERS = 8


def publish(*event_ids: str) -> None:
    ingest([Event(event_id, utc_now(), "task_progress", "agent_1", {}) for event_id in event_ids])


class Reader(threading.Thread):
    """Follows the log from its beginning until it has seen `until` positions."""

    def __init__(self, until: int) -> None:
        super().__init__(daemon=True)
        self.until = until
        self.seen: list[int] = []

    def run(self) -> None:
        tail = Tail(0)
        while len(self.seen) < self.until:
            self.seen += [event.position for event in tail.next()]
        tail.close()


@pytest.mark.parametrize(("count", "flags"), [(20_000, ()), (4_000, ("--delay",))], ids=["at full speed", "delayed"])
def test_two_tails_see_each_event_of_eight_processes_once_and_in_order(
    count: int, flags: tuple[str, ...], tmp_path: Path
) -> None:
    readers = [Reader(count), Reader(count)]
    for reader in readers:
        reader.start()
    conninfo = conninfo_of_test_database()
    writers = [start_appender(f"w{n}", count // WRITERS, conninfo, tmp_path, *flags) for n in range(WRITERS)]
    assert [writer.wait(120) for writer in writers] == [0] * WRITERS
    for reader in readers:
        reader.join(180)
        assert reader.seen == list(range(1, count + 1))
    assert sorted(acknowledged(tmp_path).values()) == list(range(1, count + 1))


def test_a_tail_goes_on_from_its_position() -> None:
    publish("a", "b", "c")
    tail = Tail(2)
    assert [event.event.event_id for event in tail.next()] == ["c"]
    publish("d")
    assert [event.event.event_id for event in tail.next()] == ["d"]
    tail.close()


def test_a_lost_notification_costs_a_look_not_an_event() -> None:
    tail = Tail(0)
    assert tail.next(timeout_s=0) == []
    with connect("silent") as silent:  # appends without telling anybody
        append(silent, [entry_from(Event("quiet", utc_now(), "x", "y", {}))])
    assert wait_until(tail.next)[0].event.event_id == "quiet"
    tail.close()


@pytest.mark.parametrize("number", [FEW - 1, FEW, FEW + 1, BATCH + 1])
def test_a_few_events_and_many_come_whole_and_in_order(number: int) -> None:
    publish(*(f"e{n}" for n in range(number)))
    tail = Tail(0)
    batches = [tail.next(), tail.next(timeout_s=0)]
    assert [event.position for batch in batches for event in batch] == list(range(1, number + 1))
    assert len(batches[0]) == min(number, BATCH)
    tail.close()


def test_a_projection_that_moves_on_costs_no_look_at_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail_module, "LOOK_EVERY_S", 60.0)
    hints = Hints()
    tail = Tail(0, hints=cast(Listener, hints))
    assert tail.next() == []
    monkeypatch.setattr(read, "following_with_epoch", not_expected)
    hints.count += 1
    assert tail.next() == []
    hints.count, hints.written = hints.count + 1, hints.written + 1
    with pytest.raises(AssertionError, match="looked"):
        tail.next()
    tail.close()


class Hints:
    """A listener that nothing is notified to."""

    count = written = 0

    def wait(self, seen: int, timeout_s: float) -> None:
        """Nothing else comes."""


def not_expected(*values: object) -> None:
    raise AssertionError("looked")


def test_a_tail_survives_the_loss_of_its_connection() -> None:
    publish("a")
    tail = Tail(0)
    assert [event.position for event in tail.next()] == [1]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'marcus tail'")
    publish("b")
    assert [event.position for event in wait_until(tail.next)] == [2]
    tail.close()


def test_another_log_in_its_place_is_noticed() -> None:
    publish("a")
    tail = Tail(0)
    tail.next()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE log_head SET epoch = gen_random_uuid()")
    with pytest.raises(EpochChanged):
        tail.next()
    tail.close()


def test_reading_goes_both_ways() -> None:
    publish(*(f"e{n}" for n in range(10)))
    newest = read.events(EventFilter(), limit=3)
    assert [event.position for event in newest] == [10, 9, 8]
    assert [event.position for event in read.events(EventFilter(), before=8, limit=2)] == [7, 6]
    assert [event.position for event in read.events(EventFilter(), after=8, newest_first=False)] == [9, 10]
