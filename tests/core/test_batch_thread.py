"""A batch thread works through its queue in order, and never holds more than it may."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event

import pytest

from marcus_events.core.batch_thread import BatchThread
from tests.waiting import wait_until


class Worker:
    """Its work waits for the gate."""

    def __init__(self) -> None:
        self.gate = Event()
        self.batches: list[list[str]] = []
        self.has_ended = False
        self.thread = BatchThread[str](
            "test", self.work, max_queued=10, max_batch=4, size=len, at_end=lambda: setattr(self, "has_ended", True)
        )
        self.thread.start()

    def work(self, batch: list[str]) -> None:
        self.gate.wait()
        self.batches.append(batch)

    def busy(self) -> None:
        """With an item that is at the gate."""
        assert self.thread.put("first")
        wait_until(lambda: self.thread.is_busy)


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.gate.set()
    worker.thread.stop()


def test_what_gathers_is_worked_on_together_as_far_as_a_batch_holds_it(worker: Worker) -> None:
    worker.busy()
    assert all(worker.thread.put(item) for item in ("ab", "cd", "e"))
    worker.gate.set()
    assert worker.thread.flush(60)
    assert worker.batches == [["first"], ["ab", "cd"], ["e"]]


def test_an_error_of_the_work_is_logged_and_costs_its_batch_alone(caplog: pytest.LogCaptureFixture) -> None:
    done: list[int] = []
    thread = BatchThread[int]("test", lambda batch: done.append(6 // batch[0]), max_queued=10, max_batch=1)
    thread.start()
    assert all(thread.put(number) for number in (0, 2, 3))
    thread.stop()
    assert done == [3, 2]
    assert "the test failed with 1 item(s)" in caplog.text


def test_a_full_queue_takes_nothing_more(worker: Worker) -> None:
    worker.busy()
    assert worker.thread.put("123456")
    assert not worker.thread.put("78901")
    assert worker.thread.put("7890")


def test_what_is_larger_than_the_queue_goes_into_an_empty_one(worker: Worker) -> None:
    worker.busy()
    assert worker.thread.put("larger than ten")
    assert not worker.thread.put("a")


def test_who_waits_gets_the_room_that_is_made(worker: Worker) -> None:
    worker.busy()
    assert worker.thread.put("1234567890")
    worker.gate.set()
    assert worker.thread.put("a", timeout_s=60)


def test_flush_tells_that_the_work_goes_on(worker: Worker) -> None:
    worker.busy()
    assert not worker.thread.flush(0)


def test_stopping_works_through_what_is_queued_and_takes_nothing_more(worker: Worker) -> None:
    worker.busy()
    assert worker.thread.put("last")
    worker.gate.set()
    worker.thread.stop()
    assert (worker.batches[-1], worker.has_ended) == (["last"], True)
    assert not worker.thread.put("too late", timeout_s=60)


def test_a_pause_ends_when_the_thread_is_to_end() -> None:
    thread = BatchThread[str]("test", lambda batch: thread.pause(3_600), max_queued=10, max_batch=4)
    thread.start()
    assert thread.put("a")
    thread.stop()
