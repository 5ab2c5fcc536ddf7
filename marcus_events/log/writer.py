"""The writer: one per process, it commits what has gathered while the last commit was on its way.

Callers hand over offers and hold a future; it is answered after the commit, never before. A caller that goes away
cancels nothing. Steps of the loop, for as long as there is work:

1. take what is queued, at most MAX_BATCH offers, in order;
2. append it, notify the listeners and commit, in one short transaction;
3. when the connection fails, connect again and repeat step 2: an identity that was committed the first time is a
   duplicate the second time, so nothing enters twice;
4. when the database refuses the data of a batch, commit its submissions one by one, so that only the refused one fails;
5. answer every caller, and make room ahead where the log comes to its end.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import psycopg

from marcus_events.core.batch_thread import BatchThread
from marcus_events.core.lifecycle import Declared
from marcus_events.core.loop_wakeup import Waiter, wake
from marcus_events.log.append import AppendResult, EventData, append
from marcus_events.log.connect import CONNECTION_ERRORS, connect
from marcus_events.log.listener import LOG_CHANNEL
from marcus_events.log.partitions import AHEAD, make_room, with_room

logger = logging.getLogger(__name__)

MAX_BATCH = 500  # offers in a transaction: the head stays locked for some milliseconds
MAX_QUEUED = 10_000  # offers waiting in this process: about 20 MB of ordinary events
NOTIFY = "SELECT pg_notify(%s, position::text) FROM log_head WHERE id = 1"
GIVE_UP_AFTER_S = 20.0  # a database that is away for longer is said to the caller
RETRY_PAUSES_S = (0.05, 0.1, 0.2, 0.5, 1.0)  # then every second


class LogUnavailable(RuntimeError):
    """The log cannot take events at this time; the same event may be offered again under the same identity."""


@dataclass
class Submission:
    entries: Sequence[EventData]
    waiter: Waiter | None = None
    answer: Future[list[AppendResult]] = field(default_factory=Future)


class Writer:
    """Hands offers to the log in groups. Safe to use from any thread."""

    def __init__(self, *, give_up_after_s: float = GIVE_UP_AFTER_S) -> None:
        self._give_up_after_s = give_up_after_s
        self._connection: psycopg.Connection[Any] | None = None
        self._room = 0  # before this position the log has room
        self._queue = BatchThread(
            "log writer",
            self._commit_all,
            max_queued=MAX_QUEUED,
            max_batch=MAX_BATCH,
            size=lambda submission: len(submission.entries),
            at_end=self._disconnect,
        )

    def start(self) -> None:
        self._queue.start()

    def submit(
        self, entries: Sequence[EventData], *, timeout_s: float = GIVE_UP_AFTER_S, waiter: Waiter | None = None
    ) -> Future[list[AppendResult]]:
        """Queue the offers; waits while the queue is full. Raises LogUnavailable when it stays full.

        The future gives a place for each offer in order, or raises LogUnavailable or psycopg.DataError. `waiter` is a
        future of an event loop, which is completed as soon as this one is done.
        """
        submission = Submission(entries, waiter)
        if not self._queue.put(submission, timeout_s):
            raise LogUnavailable("too many events are waiting for the log")
        return submission.answer

    @property
    def is_busy(self) -> bool:
        """All that was queued has been taken, and some of it is on its way."""
        return self._queue.is_busy

    def stop_soon(self) -> None:
        """Services that end may still submit."""

    def stop(self) -> None:
        """Commit what is queued. Nothing can be submitted afterwards."""
        self._queue.stop()

    def _commit_all(self, batch: list[Submission]) -> None:
        """Steps 2 to 5."""
        try:
            places = self._commit_until(batch, time.monotonic() + self._give_up_after_s)
        except psycopg.DataError as error:
            self._commit_one_by_one(batch, error)
        except Exception as error:
            answer_error(batch, error)
        else:
            answer(batch, places)
            self._make_room(max((place.position for place in places), default=0))

    def _commit_one_by_one(self, batch: list[Submission], error: psycopg.DataError) -> None:
        if len(batch) == 1:
            answer_error(batch, error)
            return
        for submission in batch:
            self._commit_all([submission])

    def _commit_until(self, batch: list[Submission], deadline: float) -> list[AppendResult]:
        entries = [entry for submission in batch for entry in submission.entries]
        for attempt in range(1_000_000):
            try:
                return self._commit(entries)
            except CONNECTION_ERRORS as error:
                self._disconnect()
                pause = RETRY_PAUSES_S[min(attempt, len(RETRY_PAUSES_S) - 1)]
                if self._queue.is_stopping or time.monotonic() + pause > deadline:
                    raise LogUnavailable(f"the database does not respond: {error}") from error
                if attempt == 0:
                    logger.warning("the log is not reachable, retrying: %s", error)
                time.sleep(pause)
        raise AssertionError("unreachable")

    def _commit(self, entries: list[EventData]) -> list[AppendResult]:
        if self._connection is None:
            self._connection = connect("writer")
        return with_room(partial(append_and_notify, self._connection, entries))

    def _make_room(self, position: int) -> None:
        """Ahead of need. Where it fails, the append that needs it tries again."""
        if position + AHEAD < self._room:
            return
        try:
            with connect("partitions", autocommit=True) as own:
                self._room = make_room(own, position, wait_s=0.1)
        except psycopg.errors.LockNotAvailable:
            pass  # a partition is being taken away; the next batch tries again
        except psycopg.Error as error:
            logger.warning("partitions could not be created in advance: %s", error)

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def append_and_notify(connection: psycopg.Connection[Any], entries: Sequence[EventData]) -> list[AppendResult]:
    """Append in a transaction of its own, and commit. The listeners are notified with the commit."""

    def finish() -> None:
        connection.execute(NOTIFY, (LOG_CHANNEL,))
        connection.execute("COMMIT", prepare=False)  # `commit()` waits in a pipeline before all of it has been sent

    try:
        return append(connection, entries, finish)
    except BaseException:
        connection.rollback()
        raise


def answer(batch: list[Submission], places: list[AppendResult]) -> None:
    start = 0
    for submission in batch:
        submission.answer.set_result(places[start : start + len(submission.entries)])
        start += len(submission.entries)
    wake_waiters(batch)


def answer_error(batch: list[Submission], error: Exception) -> None:
    for submission in batch:
        submission.answer.set_exception(error)
    wake_waiters(batch)


def wake_waiters(batch: list[Submission]) -> None:
    wake(submission.waiter for submission in batch if submission.waiter is not None)


WRITER = Declared("log writer", Writer)


def writer() -> Writer:
    """The writer of this process."""
    return WRITER.get()
