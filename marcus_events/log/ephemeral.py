"""Events that nobody keeps: told to every process that listens at this moment, in the notification itself.

A notification holds less than 8,000 bytes, so an event travels in pieces; those of one transaction arrive together and
in order. Sending never holds up a publisher: while the database is away, or slower than the publishers, what does not
fit into the queue is shed and counted.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import psycopg

from marcus_events.core.batch_thread import BatchThread
from marcus_events.core.event import Event, check_moment
from marcus_events.core.lifecycle import Declared
from marcus_events.log.connect import CONNECTION_ERRORS, connect
from marcus_events.log.listener import LIVE_CHANNEL

logger = logging.getLogger(__name__)

PIECE = 7_900  # characters, all of them ASCII: with its head of 41, a notification holds 7,999 bytes
MAX_QUEUED = 1_000  # events
MAX_AT_ONCE = 100  # events in a transaction
PAUSE_AFTER_ERROR_S = 1.0
FLUSH_WITHIN_S = 2.0  # a program that ends does not wait longer for events that nobody keeps


class LiveSender:
    """Tells events from a thread of its own. `shed` counts those that nobody was told of."""

    def __init__(self) -> None:
        self.shed = 0
        self._counting = threading.Lock()
        self._is_shedding = False
        self._connection: psycopg.Connection[Any] | None = None
        self._queue = BatchThread[str](
            "live sender", self._send, max_queued=MAX_QUEUED, max_batch=MAX_AT_ONCE, at_end=self._disconnect
        )

    def start(self) -> None:
        self._queue.start()

    def send(self, event: Event) -> None:
        """Return when it is queued. Raises TypeError or ValueError where it cannot be put into JSON."""
        if not self._queue.put(event.to_json()):
            self._shed(1)

    def flush(self, timeout_s: float = FLUSH_WITHIN_S) -> bool:
        """Return when all that was sent is told, or shed; whether that was within the time."""
        return self._queue.flush(timeout_s)

    def stop_soon(self) -> None:
        """Services that end may still send."""

    def stop(self) -> None:
        """Send what is queued, if the database is there."""
        self._queue.stop()

    def _send(self, batch: list[str]) -> None:
        try:
            self._tell(batch)
            self._is_shedding = False
        except CONNECTION_ERRORS as error:
            self._disconnect()
            self._shed(len(batch), error)
            self._queue.pause(PAUSE_AFTER_ERROR_S)

    def _tell(self, batch: list[str]) -> None:
        if self._connection is None:
            self._connection = connect("live sender", autocommit=True)
        pieces = [piece for text in batch for piece in in_pieces(text)]
        with self._connection.transaction():
            self._connection.execute(
                "SELECT pg_notify(%s, piece) FROM unnest(%s::text[]) AS piece", (LIVE_CHANNEL, pieces)
            )

    def _shed(self, count: int, error: Exception | None = None) -> None:
        with self._counting:
            self.shed += count
            is_first, self._is_shedding = not self._is_shedding, True
        if is_first:
            logger.warning("ephemeral events do not reach other processes: %s", error or "the queue is full")

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def in_pieces(text: str) -> Iterator[str]:
    """Each begins with the message's id, its number, and whether it is the last: of equal notifications in a
    transaction, PostgreSQL tells one alone.
    """
    message = uuid4().hex
    for number, start in enumerate(range(0, len(text), PIECE)):
        end = start + PIECE
        yield f"{message}{number:08x}{'.' if end >= len(text) else '+'}{text[start:end]}"


class Assembler:
    """Puts pieces together again, and hands over each event that is whole."""

    def __init__(self, hear: Callable[[Event], None]) -> None:
        self._hear = hear
        self._message = ""
        self._pieces: list[str] = []

    def __call__(self, piece: str) -> None:
        message, is_last, text = piece[:32], piece[40:41] == ".", piece[41:]
        if message != self._message:
            self._message, self._pieces = message, []
        self._pieces.append(text)
        if is_last:
            self._finish("".join(self._pieces))

    def _finish(self, text: str) -> None:
        self._pieces = []
        try:
            event = Event.from_json(text)
            self._hear(replace(event, timestamp=check_moment(event.timestamp)))
        except (ValueError, TypeError, KeyError):
            logger.debug("the live channel received something that is not an event")


LIVE_SENDER = Declared("live sender", LiveSender)


def live_sender() -> LiveSender:
    """The sender of this process."""
    return LIVE_SENDER.get()


def flush_live() -> None:
    """Return when what this process sent has gone out, or could not for some time."""
    if (sender := LIVE_SENDER.running) is not None:
        sender.flush()
