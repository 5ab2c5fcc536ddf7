"""The tail: follow the log from a position, each event once, in order, without a hole.

Reading by position is the guarantee; a notification only shortens the wait. A tail survives the loss of the database:
it goes on from its position when the database is back. When the log's epoch changes, positions may mean other events,
and whoever follows must start over: `EpochChanged`.
"""

from __future__ import annotations

import logging
import time
from typing import Any
from uuid import UUID

import psycopg

from marcus_events.core.event import RecordedEvent
from marcus_events.log import read
from marcus_events.log.connect import CONNECTION_ERRORS, connect
from marcus_events.log.listener import Listener, listener

logger = logging.getLogger(__name__)

BATCH = 500  # events read at once
BATCH_BYTES = 1024 * 1024  # of them, as text: a batch of the largest events would be a hundred times as much
FEW = 4  # events that are read without a look at their size: the largest are BATCH_BYTES together
LOOK_EVERY_S = 1.0  # a lost notification costs at most this


class EpochChanged(RuntimeError):
    """The log was replaced by another one, such as a restored backup; start over from its beginning."""


class Tail:
    """Follows the log after `position`. Use it from one thread."""

    def __init__(self, position: int, *, epoch: UUID | None = None, hints: Listener | None = None) -> None:
        self.position = position
        self.epoch = epoch
        self._hints = hints or listener()
        self._count = self._written = -1  # of the hints, at the last call and at the last look
        self._look_at = 0.0  # on the monotonic clock, at the latest
        self._has_more = False  # more had come at the last look than is read at once
        self._connection: psycopg.Connection[Any] | None = None

    def next(self, timeout_s: float = LOOK_EVERY_S) -> list[RecordedEvent]:
        """The events that come next, at most BATCH and some BATCH_BYTES.

        None when nothing came within the timeout, and none at once when something else than the log was notified.
        """
        if not self._has_more:
            self._hints.wait(self._count, min(timeout_s, self._look_at - time.monotonic()))
        self._count, written = self._hints.count, self._hints.written
        if written == self._written and not self._has_more and time.monotonic() < self._look_at:
            return []
        self._written, self._look_at = written, time.monotonic() + LOOK_EVERY_S
        return self._look()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _look(self) -> list[RecordedEvent]:
        try:
            if self._connection is None:
                self._connection = connect("tail", autocommit=True)
            batch = self._read(self._connection)
        except CONNECTION_ERRORS as error:
            logger.debug("the tail lost the database connection at %d: %s", self.position, error)
            self._has_more = False  # wait before the next attempt
            self.close()
            return []
        if batch:
            self.position = batch[-1].position
        return batch

    def _read(self, connection: psycopg.Connection[Any]) -> list[RecordedEvent]:
        """Read a few events by one short statement, as most looks do. If there are more, compare their sizes."""
        epoch, few = read.following_with_epoch(self.position, FEW, connection)
        if self.epoch is not None and epoch != self.epoch:
            raise EpochChanged(f"the log began again under epoch {epoch}")
        self.epoch = epoch
        self._has_more = len(few) == FEW
        return read.following(self.position, BATCH, connection, max_bytes=BATCH_BYTES) if self._has_more else few
