"""The writer: acknowledges after the commit, groups what has gathered, survives the loss of its connection."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from marcus_events.core.event import Event, utc_now
from marcus_events.ingest import entry_from
from marcus_events.log import read
from marcus_events.log.append import FEW, EventData
from marcus_events.log.connect import connect
from marcus_events.log.writer import MAX_QUEUED, LogUnavailable, Writer
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("log")


def entry(event_id: str) -> EventData:
    return entry_from(Event(event_id, utc_now(), "task_progress", "agent_1", {}))


@pytest.fixture
def writer(log: None) -> Iterator[Writer]:
    writer = Writer(give_up_after_s=15)
    writer.start()
    yield writer
    writer.stop()


def test_an_answered_event_is_committed(writer: Writer) -> None:
    position = writer.submit([entry("a")]).result(180)[0].position
    with connect("another") as connection:
        assert read.event(position, connection) is not None


def test_many_threads_share_a_writer_and_each_gets_its_own_answer(writer: Writer) -> None:
    def publish(n: int) -> int:
        return writer.submit([entry(f"e{n}")]).result(180)[0].position

    with ThreadPoolExecutor(8) as pool:
        positions = list(pool.map(publish, range(200)))
    stored = {event.event.event_id: event.position for event in read.following(0, 500)}
    assert sorted(positions) == list(range(1, 201))
    assert [stored[f"e{n}"] for n in range(200)] == positions


@pytest.mark.parametrize("count", [FEW, FEW + 1])
def test_a_batch_that_no_buffer_holds_is_committed(writer: Writer, count: int) -> None:
    text = "x" * 100_000
    batch = [entry(f"e{n}")._replace(data={"text": text}, texts=None) for n in range(count)]
    assert [place.position for place in writer.submit(batch).result(180)] == list(range(1, count + 1))


def test_what_the_database_refuses_fails_alone(writer: Writer) -> None:
    poison = entry("poison")._replace(data={"text": "NUL \0"}, texts=None)
    with connect("blocker") as blocker:
        blocker.execute("SELECT FROM log_head FOR UPDATE")  # so that the next three gather in one batch
        first = writer.submit([entry("before")])
        gathered = [writer.submit([entry("a")]), writer.submit([poison]), writer.submit([entry("b")])]
    assert first.result(180)[0].position == 1
    assert [gathered[0].result(180)[0].position, gathered[2].result(180)[0].position] == [2, 3]
    with pytest.raises(psycopg.DataError):
        gathered[1].result(180)


def test_a_lost_connection_loses_and_doubles_nothing(writer: Writer) -> None:
    writer.submit([entry("first")]).result(180)
    with connect("killer", autocommit=True) as killer:
        for n in range(5):
            killer.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'marcus writer'"
            )
            writer.submit([entry(f"after {n}")]).result(15)
    assert [event.position for event in read.following(0, 100)] == [1, 2, 3, 4, 5, 6]


def test_a_full_queue_makes_the_caller_wait_and_then_says_so(writer: Writer) -> None:
    with connect("blocker") as blocker:
        blocker.execute("SELECT FROM log_head FOR UPDATE")
        held = writer.submit([entry("held")])
        wait_until(lambda: writer.is_busy)
        filling = writer.submit([entry(f"q{n}") for n in range(MAX_QUEUED)])
        with pytest.raises(LogUnavailable):
            writer.submit([entry("too many")], timeout_s=0.05)
    assert held.result(180)[0].position == 1
    assert len(filling.result(180)) == MAX_QUEUED


def test_stopping_commits_what_is_queued(log: None) -> None:
    writer = Writer()
    writer.start()
    answers = [writer.submit([entry(f"e{n}")]) for n in range(50)]
    writer.stop()
    assert sorted(answer.result(0)[0].position for answer in answers) == list(range(1, 51))
    with pytest.raises(LogUnavailable):
        writer.submit([entry("late")])
