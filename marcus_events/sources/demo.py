"""Publishes the demo: a recorded Marcus run, repeated in rounds with current times.

1. One process publishes: the holder of an advisory lock.
2. The demo ends for good when a person removes its board. Events published just after the removal are removed too.
3. Once the log holds an event of another board (except sign-ins and other events of the category audit), no new round
   begins. A current round is completed; a round that a process left unfinished is hidden.
4. A round begins by hiding the previous one. Then all events are ingested like any producer's, with new ids and current
   timestamps, each when it is due.
5. After a round and a pause, continue with step 2.
6. After `UNWATCHED_ROUNDS` rounds without a viewer the process releases the lock and waits for one, so that a forgotten
   server does not fill the log.
7. While the database is unavailable the round's clock stands still. If another process has begun a newer round, the
   current one is abandoned.
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
from marcus_events.ingest import ingest, log_refused
from marcus_events.log import identities, read
from marcus_events.log.advisory_lock import try_advisory_lock
from marcus_events.log.back_pressure import back_pressure
from marcus_events.log.connect import CONNECTION_ERRORS, connect
from marcus_events.log.writer import LogUnavailable
from marcus_events.sources.demo_script import BOARD, BOARD_NAME, script

logger = logging.getLogger(__name__)

LOCK = 0x64656D6F  # advisory lock key of the publishing process
TICK_S = 0.1  # shorter than the interval between page updates
MAX_TICK_S = 1.0  # so that suspension or an unavailable database causes no burst
PAUSE_S = 10.0  # shows the finished board
WAIT_S = 1.0  # between checks for the lock, the database and viewers
UNWATCHED_ROUNDS = 12  # an hour

DEMO_SOURCE = source_of(SYSTEM, "demo")
NEW_ROUND, UNFINISHED, REMOVED = "new round", "unfinished", "removed"  # reasons of a removal
OTHER_EVENTS = EventFilter.parse(f"-board_id:{BOARD} -category:audit")
REMOVALS = EventFilter.parse(f"board_id:{BOARD} type:{T.BOARD_REMOVED}")
FIRST_EVENTS = EventFilter.parse(f"board_id:{BOARD} type:{T.SYSTEM_STARTUP}")  # the first event of each round
MAX_REMOVALS = 1_000_000  # one per round

Connection = psycopg.Connection[Any]


class Round:
    """One run through the script. `clock` is in seconds of the script."""

    def __init__(self) -> None:
        self.name = uuid4().hex[:12]
        self.clock = 0.0
        self.is_watched = False
        self.published = 0

    def due(self) -> list[Event]:
        lines = script()
        end = self.published
        while end < len(lines) and lines[end].due <= self.clock:
            end += 1
        return [line.event(self.name, utc_now()) for line in lines[self.published : end]]

    @property
    def is_over(self) -> bool:
        return self.published == len(script()) and self.clock >= script()[-1].due + PAUSE_S


class Demo:
    """Publishes until stopped or ended. `watched` returns whether anybody views a page; `speed` is for tests."""

    def __init__(self, watched: Callable[[], bool], *, speed: float = 1.0) -> None:
        self._is_watched, self._speed = watched, speed
        self._round: Round | None = None
        self._unwatched_rounds = 0
        self._checked_position = 0  # position up to which no removal by a person was found
        self._is_over = False

    def run(self, stop: threading.Event) -> None:
        while not (stop.is_set() or self._is_over):
            if self._unwatched_rounds < UNWATCHED_ROUNDS or self._is_watched():
                self._unwatched_rounds = min(self._unwatched_rounds, UNWATCHED_ROUNDS - 1)
                self._try_to_play(stop)
            stop.wait(WAIT_S)

    def _try_to_play(self, stop: threading.Event) -> None:
        try:
            with connect("demo", autocommit=True) as connection, try_advisory_lock(connection, LOCK) as is_alone:
                if is_alone:
                    self._play(connection, stop)
        except (*CONNECTION_ERRORS, LogUnavailable) as error:
            logger.debug("the demo is waiting for the database: %s", error)

    def _play(self, connection: Connection, stop: threading.Event) -> None:
        """Play rounds for as long as step 3 allows."""
        self._abandon_superseded_round(connection)
        while not stop.is_set() and self._unwatched_rounds < UNWATCHED_ROUNDS:
            if self._round is None:
                if not self._can_begin_round(connection):
                    return
                self._begin_round(connection)
            elif not self._advance(self._round, connection, stop):
                return

    def _abandon_superseded_round(self, connection: Connection) -> None:
        first_event = newest_event(FIRST_EVENTS, connection)
        if self._round and not (first_event and first_event.event.event_id == event_id(self._round.name, 0)):
            self._round = None

    def _can_begin_round(self, connection: Connection) -> bool:
        """Check steps 2 and 3."""
        if self._is_removed(connection):
            return self._end(connection, REMOVED)
        if newest_event(OTHER_EVENTS, connection):
            return self._end(connection, UNFINISHED)
        return True

    def _is_removed(self, connection: Connection) -> bool:
        head = read.head(connection).position
        removals = read.events(REMOVALS, after=self._checked_position, limit=MAX_REMOVALS, connection=connection)
        if any(removal.data.get("reason") != NEW_ROUND for removal in removals):
            return True
        self._checked_position = head
        return False

    def _end(self, connection: Connection, reason: str) -> bool:
        if is_visible(connection) and not (reason == UNFINISHED and is_finished(connection)):
            publish([removal(reason)])
        self._is_over = True
        return False

    def _begin_round(self, connection: Connection) -> None:
        if is_visible(connection):
            publish([removal(NEW_ROUND)])
        self._round = Round()

    def _advance(self, current: Round, connection: Connection, stop: threading.Event) -> bool:
        """Publish what is due and wait one tick. Return False if a person has removed the board."""
        started = time.monotonic()
        current.is_watched = self._is_watched() or current.is_watched
        if due := current.due():
            if self._is_removed(connection):
                return self._end(connection, REMOVED)
            back_pressure().wait(stop)
            publish(due)
            current.published += len(due)
        if current.is_over:
            self._unwatched_rounds = 0 if current.is_watched else self._unwatched_rounds + 1
            self._round = None
        stop.wait(TICK_S)
        current.clock += min(time.monotonic() - started, MAX_TICK_S) * self._speed
        return True


def publish(events: list[Event]) -> None:
    """Ingest events. Repeating them after a lost connection changes nothing."""
    log_refused(ingest(events, Authority.SYSTEM), "an event of the demo")


def newest_event(wanted: EventFilter, connection: Connection) -> RecordedEvent | None:
    found = read.events(wanted, limit=1, connection=connection)
    return found[0] if found else None


def is_visible(connection: Connection) -> bool:
    """Return whether the board has events since its last removal."""
    removed = newest_event(REMOVALS, connection)
    events_since = EventFilter.parse(f"board_id:{BOARD} -type:{T.BOARD_REMOVED}")
    return bool(read.events(events_since, after=removed.position if removed else 0, limit=1, connection=connection))


def is_finished(connection: Connection) -> bool:
    """Return whether the newest round was completed."""
    first_event = newest_event(FIRST_EVENTS, connection)
    if first_event is None:
        return False
    name = first_event.event.event_id.removeprefix(f"{BOARD}-").removesuffix("-0")
    return identities.by_event_id(event_id(name, len(script()) - 1), connection, boards=[BOARD]) is not None


def event_id(round_name: str, line: int) -> str:
    return f"{BOARD}-{round_name}-{line}"


def removal(reason: str, *, source: str = DEMO_SOURCE) -> Event:
    metadata = {"board_id": BOARD, "board_name": BOARD_NAME, DEMO: True}
    data = {"board_id": BOARD, "reason": reason}
    return Event(f"{BOARD}-removed-{uuid4()}", utc_now(), T.BOARD_REMOVED, source, data, metadata)
