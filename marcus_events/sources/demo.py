"""The demo: a recorded Marcus run, published as if it happened now, round after round.

1. One process plays, who holds the advisory lock; the others wait for it.
2. It is over for good once a person has removed its board. What slipped in behind the removal is removed too.
3. Once the log holds an event of anything but the demo's board (or of people signing in and the like, the category
   audit), no further round begins. The round that is being played is played to its end; one that was left in the
   middle (the process ended) is taken out of view.
4. A round begins by taking the board of an earlier one out of view. Then everything happens anew, under new ids,
   through the same door as any producer's events, each at its time and with the present as its timestamp.
5. After a round there is a pause, then it goes on with step 2.
6. After `UNWATCHED_ROUNDS` in a row that nobody watched it gives up the lock and waits until somebody does: the log of
   a forgotten process does not fill.
7. While the database is away its clock stands still; then it goes on where it was. A round that another process has
   followed with one of its own is given up.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import psycopg

from marcus_events.core.event import Event, RecordedEvent, utc_now
from marcus_events.core.event_types import EventTypes as T
from marcus_events.core.filters import EventFilter
from marcus_events.core.redaction_marker import DEMO
from marcus_events.core.reserved import SYSTEM, Authority, source_of
from marcus_events.ingest import ingest, tell_refused
from marcus_events.log import identities, read
from marcus_events.log.connect import CONNECTION_ERRORS, connect
from marcus_events.log.writer import LogUnavailable
from marcus_events.sources.demo_script import BOARD, BOARD_NAME, script

logger = logging.getLogger(__name__)

LOCK = 0x64656D6F  # of who plays
TICK_S = 0.1  # finer than the frames that a page is sent
LONGEST_TICK_S = 1.0  # a machine that slept, or a database that was away, does not make a burst
PAUSE_S = 10.0  # to look at a finished board
WAIT_S = 1.0  # between two looks for the lock, for the database, for somebody who watches
UNWATCHED_ROUNDS = 12  # an hour

BY_ITSELF = source_of(SYSTEM, "demo")
NEW_ROUND, UNFINISHED, REMOVED = "new round", "unfinished", "removed"  # why the board was taken out of view
ANYTHING_ELSE = EventFilter.parse(f"-board_id:{BOARD} -category:audit")
REMOVALS = EventFilter.parse(f"board_id:{BOARD} type:{T.BOARD_REMOVED}")
BEGINNINGS = EventFilter.parse(f"board_id:{BOARD} type:{T.SYSTEM_STARTUP}")  # the script's first event
ALL = 1_000_000  # removals, of which each round makes one

Connection = psycopg.Connection[Any]


class Round:
    """One playing of the script. `clock` is in seconds of the script."""

    def __init__(self) -> None:
        self.name = uuid4().hex[:12]
        self.clock = 0.0
        self.is_watched = False
        self.played = 0

    def due(self) -> list[Event]:
        lines = script()
        end = self.played
        while end < len(lines) and lines[end].due <= self.clock:
            end += 1
        return [line.event(self.name, utc_now()) for line in lines[self.played : end]]

    @property
    def is_over(self) -> bool:
        return self.played == len(script()) and self.clock >= script()[-1].due + PAUSE_S


class Demo:
    """Plays until stopped, or until it is over. `watched` says whether anybody looks; `speed` is for tests."""

    def __init__(self, watched: Callable[[], bool], *, speed: float = 1.0) -> None:
        self._watched, self._speed = watched, speed
        self._round: Round | None = None
        self._unwatched = 0
        self._looked = 0  # up to this position no person has removed the board
        self._is_over = False

    def run(self, stop: threading.Event) -> None:
        while not (stop.is_set() or self._is_over):
            if self._unwatched < UNWATCHED_ROUNDS or self._watched():
                self._unwatched = min(self._unwatched, UNWATCHED_ROUNDS - 1)
                self._try_to_play(stop)
            stop.wait(WAIT_S)

    def _try_to_play(self, stop: threading.Event) -> None:
        try:
            with connect("demo", autocommit=True) as connection:
                if connection.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,)).fetchone() == (True,):
                    self._play(connection, stop)
        except (*CONNECTION_ERRORS, LogUnavailable) as error:
            logger.debug("the demo is waiting for the database: %s", error)

    def _play(self, connection: Connection, stop: threading.Event) -> None:
        """Rounds, for as long as there may be another one."""
        self._give_up_round_of_the_past(connection)
        while not stop.is_set() and self._unwatched < UNWATCHED_ROUNDS:
            if self._round is None:
                if not self._may_begin(connection):
                    return
                self._begin(connection)
            elif not self._go_on(self._round, connection, stop):
                return

    def _give_up_round_of_the_past(self, connection: Connection) -> None:
        begun = newest(BEGINNINGS, connection)
        if self._round and not (begun and begun.event.event_id == event_id(self._round.name, 0)):
            self._round = None

    def _may_begin(self, connection: Connection) -> bool:
        """Steps 2 and 3."""
        if self._is_removed(connection):
            return self._end(connection, REMOVED)
        if newest(ANYTHING_ELSE, connection):
            return self._end(connection, UNFINISHED)
        return True

    def _is_removed(self, connection: Connection) -> bool:
        head = read.head(connection).position
        removals = read.events(REMOVALS, after=self._looked, limit=ALL, connection=connection)
        if any(removal.data.get("reason") != NEW_ROUND for removal in removals):
            return True
        self._looked = head
        return False

    def _end(self, connection: Connection, reason: str) -> bool:
        if is_in_view(connection) and not (reason == UNFINISHED and is_finished(connection)):
            publish([removal(reason)])
        self._is_over = True
        return False

    def _begin(self, connection: Connection) -> None:
        if is_in_view(connection):
            publish([removal(NEW_ROUND)])
        self._round = Round()

    def _go_on(self, playing: Round, connection: Connection, stop: threading.Event) -> bool:
        """Publish what is due and wait a moment. False when a person has removed the board."""
        started = time.monotonic()
        playing.is_watched = self._watched() or playing.is_watched
        if due := playing.due():
            if self._is_removed(connection):
                return self._end(connection, REMOVED)
            publish(due)
            playing.played += len(due)
        if playing.is_over:
            self._unwatched = 0 if playing.is_watched else self._unwatched + 1
            self._round = None
        stop.wait(TICK_S)
        playing.clock += min(time.monotonic() - started, LONGEST_TICK_S) * self._speed
        return True


def publish(events: list[Event]) -> None:
    """A repeat, after an answer that was lost, changes nothing."""
    tell_refused(ingest(events, Authority.SYSTEM), "an event of the demo")


def newest(wanted: EventFilter, connection: Connection) -> RecordedEvent | None:
    found = read.events(wanted, limit=1, connection=connection)
    return found[0] if found else None


def is_in_view(connection: Connection) -> bool:
    """Whether anything has happened on the board since it was last removed."""
    removed = newest(REMOVALS, connection)
    there = EventFilter.parse(f"board_id:{BOARD} -type:{T.BOARD_REMOVED}")
    return bool(read.events(there, after=removed.position if removed else 0, limit=1, connection=connection))


def is_finished(connection: Connection) -> bool:
    """Whether the newest round was played to its end."""
    begun = newest(BEGINNINGS, connection)
    if begun is None:
        return False
    name = begun.event.event_id.removeprefix(f"{BOARD}-").removesuffix("-0")
    return identities.by_event_id(event_id(name, len(script()) - 1), connection, boards=[BOARD]) is not None


def event_id(round_name: str, line: int) -> str:
    return f"{BOARD}-{round_name}-{line}"


def removal(reason: str, *, source: str = BY_ITSELF) -> Event:
    metadata = {"board_id": BOARD, "board_name": BOARD_NAME, DEMO: True}
    data = {"board_id": BOARD, "reason": reason}
    return Event(f"{BOARD}-removed-{uuid4()}", utc_now(), T.BOARD_REMOVED, source, data, metadata)
