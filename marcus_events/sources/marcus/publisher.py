"""Publishes each act once, and retries while the database is unavailable.

A thread commits a batch of acts while the reader reads the next batch. Before that one is looked for in the log, the
commit has ended, so the log is read and written in the same order as without the thread.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, repeat
from typing import Protocol, TypeVar

from django.db import Error as DjangoDatabaseError
from django.db import connection

from marcus_events.core.event import Event, RecordedEvent
from marcus_events.core.filters import EventFilter
from marcus_events.ingest import Receipt, ingest
from marcus_events.log.back_pressure import back_pressure
from marcus_events.log.connect import CONNECTION_ERRORS
from marcus_events.log.identities import known_ids
from marcus_events.log.marcus_acts import LONGEST_CALL, acts_of_agents
from marcus_events.log.read import event as read_event
from marcus_events.log.read import events, head
from marcus_events.log.task_endings import rests
from marcus_events.log.task_history import task_history
from marcus_events.log.writer import LogUnavailable
from marcus_events.sources.marcus.act_events import Translator
from marcus_events.sources.marcus.acts import MarcusAct
from marcus_events.sources.marcus.follow_lock import FollowLock
from marcus_events.sources.marcus.lateness import TaskEndings, mark_late_events
from marcus_events.sources.marcus.published_acts import agents_of, recognise_published
from marcus_events.sources.marcus.records import Unreadable

DATABASE_ERRORS = (DjangoDatabaseError, LogUnavailable, *CONNECTION_ERRORS)
PAGE_SIZE = 1_000
RETRY_S = 1.0  # the polling interval of the log
MAX_REMEMBERED = 1_000  # acts of a proxy that may still be mistaken for another one of the same kind
LOCK_RETRY_S = 0.05  # between attempts to acquire the lock; a scan takes some milliseconds

Result = TypeVar("Result")


class ReportDatabase(Protocol):
    def __call__(self, text: str, *, is_away: bool) -> None: ...


class Stopped(Exception):
    """The follower was stopped while it waited for the database."""


@dataclass
class Outcome:
    """How many acts were new to the log, and how many it already held."""

    new: int = 0
    known: int = 0

    def __iadd__(self, other: Outcome) -> Outcome:
        self.new += other.new
        self.known += other.known
        return self


@dataclass(frozen=True)
class Commit:
    """New events on their way into the log, and where the record of each stands, by its id."""

    events: list[Event]
    places: dict[str | None, str]
    receipts: Future[list[Receipt]]


class Publisher:
    """Writes acts to the log. Calls `report_database` when the database becomes unavailable and when it is back, and
    `report_unreadable` for acts that the log rejects.
    """

    def __init__(
        self,
        translator: Translator,
        is_seen: Callable[[str], bool],
        lock: FollowLock,
        stop: threading.Event,
        report_database: ReportDatabase,
        report_unreadable: Callable[[Unreadable], None],
    ) -> None:
        self.translator, self.is_seen, self.lock = translator, is_seen, lock
        self.stop, self.report_database, self.report_unreadable = stop, report_database, report_unreadable
        self._commit: Commit | None = None
        self._before: int | None = None
        self._recognised: deque[str] = deque(maxlen=MAX_REMEMBERED)  # events of a proxy

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the follow lock, so that no other follower scans or publishes, until nothing is being committed. Raises
        Stopped.
        """
        while not self._retry(self.lock.try_acquire)[0]:
            if self.stop.wait(LOCK_RETRY_S):
                raise Stopped
        try:
            with ThreadPoolExecutor(1, "follower commit") as self._thread:
                yield
        finally:
            if self._commit:  # which failed: see `_ingest`
                self.lock.acts.release()
                self._commit = None
            self.lock.release()

    def publish(self, acts: list[MarcusAct]) -> Outcome:
        """Start to publish these acts when all earlier ones are in the log; `finish` waits for the last ones.

        Returns the outcome of the earlier ones, and how many of these were known. Raises Stopped.
        """
        outcome = self.finish()
        self._wait_for_tables()
        self._retry(self.lock.acts.acquire)
        try:
            outcome += self._begin(acts)
        finally:
            if self._commit is None:
                self.lock.acts.release()
        return outcome

    def _begin(self, acts: list[MarcusAct]) -> Outcome:
        candidate_ids = list(chain.from_iterable(act.candidate_ids for act in acts))
        known, _ = self._retry(lambda: known_ids(candidate_ids))
        recognise_published(acts, known, self._candidates, self.translator.board_id_of, self.is_seen)
        self._recognised.extend(act.event_id for act in acts if act.event_id)
        outcome = Outcome(known=sum(act.event_id is not None for act in acts))
        if new := mark_late_events(list(self.translator.events(acts)), self._task_endings):
            places = {act.event_id: act.preferred.where for act in reversed(acts)}
            self._commit = Commit(new, places, self._thread.submit(self._ingest, new))
        return outcome

    def _ingest(self, events: list[Event]) -> list[Receipt]:
        """Commit the events; the lock is held on if the database is unavailable."""
        receipts = ingest(events)
        self.lock.acts.release()
        return receipts

    def finish(self) -> Outcome:
        """Return the outcome of the acts that are being published, when they are in the log. Raises Stopped."""
        if (commit := self._commit) is None:
            return Outcome()
        outcome = Outcome()
        attempts = chain([commit.receipts.result], repeat(lambda: self._ingest(commit.events)))
        receipts, was_away = self._retry(lambda: next(attempts)())
        self._commit = None
        for event, receipt in zip(commit.events, receipts, strict=True):
            outcome += self._outcome(event, receipt, was_away, commit.places)
        return outcome

    def publish_board_events(self, events: list[Event]) -> Outcome:
        """Publish changes that only the board shows. Raises Stopped."""
        self._wait_for_tables()
        receipts, _ = self._retry(lambda: ingest(events))
        for event, receipt in zip(events, receipts, strict=True):
            if receipt.status == "rejected":
                self.report_unreadable(
                    Unreadable(f"the card of task {event.data['task_id']}", f"was rejected: {receipt.error}")
                )
        return Outcome(new=sum(receipt.status == "accepted" for receipt in receipts))

    def history(self, task_ids: Sequence[str]) -> list[RecordedEvent]:
        """Return the events that followers have published about these tasks. Raises Stopped."""
        return self._retry(lambda: task_history(task_ids))[0]

    def _wait_for_tables(self) -> None:
        """Wait while publishers are slowed down. What is not published yet stays in Marcus's files. Raises Stopped."""
        back_pressure().wait(self.stop)
        if self.stop.is_set() and back_pressure().must_wait():
            raise Stopped

    def _task_endings(self, task_ids: list[str]) -> TaskEndings:
        return self._retry(lambda: rests(task_ids))[0]

    def _candidates(self, acts: list[MarcusAct], since: datetime, until: datetime) -> Iterator[Event]:
        """Yield events of that time range that may be one of these acts: old ones, and new ones of a proxy."""
        yield from self._events_within(since, until)
        agents = {agent for act in acts for agent in agents_of(act)}
        found, _ = self._retry(
            lambda: acts_of_agents(agents, since - LONGEST_CALL, until + LONGEST_CALL, is_proxied=True)
        )
        for recorded in found:
            if recorded.position >= (self._before or 0) and recorded.event.event_id not in self._recognised:
                yield recorded.event

    def _events_within(self, since: datetime, until: datetime) -> Iterator[Event]:
        """Yield events of that time range from before this publisher started; newer ones are recognised by id."""
        if self._before is None:
            self._before = self._retry(head)[0].position + 1
        wanted, before = EventFilter(since=since, until=until), self._before
        while found := self._page(wanted, before):
            yield from (recorded.event for recorded in found)
            before = found[-1].position

    def _page(self, wanted: EventFilter, before: int) -> list[RecordedEvent]:
        return self._retry(lambda: events(wanted, before=before, limit=PAGE_SIZE))[0] if before > 1 else []

    def _outcome(self, event: Event, receipt: Receipt, was_away: bool, places: dict[str | None, str]) -> Outcome:
        """Count one receipt.

        A conflict with the same act means that another follower published it first from other files of the
        installation. A duplicate after the database was unavailable is our own event, committed before the connection
        was lost.
        """
        if receipt.status == "accepted" or (receipt.status == "duplicate" and was_away):
            return Outcome(new=1)
        if receipt.status == "duplicate" or self._is_same_act(event, receipt):
            return Outcome(known=1)
        self.report_unreadable(Unreadable(places[event.event_id], f"was rejected: {receipt.error}"))
        return Outcome()

    def _is_same_act(self, event: Event, receipt: Receipt) -> bool:
        """Return whether the event with this identity reports the same act."""
        if receipt.position is None:
            return False
        position = receipt.position
        found, _ = self._retry(lambda: read_event(position))
        return found is not None and found.metadata.get("act") == (event.metadata or {}).get("act")

    def _retry(self, operation: Callable[[], Result]) -> tuple[Result, bool]:
        """Return the operation's result, and whether the database was unavailable before."""
        was_away = False
        while True:
            try:
                result = operation()
            except DATABASE_ERRORS as error:
                self._wait(error, was_away)
                was_away = True
            else:
                if was_away:
                    self.report_database("The database is back.", is_away=False)
                return result, was_away

    def _wait(self, error: Exception, was_away: bool) -> None:
        if not was_away:
            reason = str(error).strip().partition("\n")[0]
            self.report_database(f"The database is not reachable, retrying every second: {reason}", is_away=True)
        connection.close()
        if self.stop.wait(RETRY_S):
            raise Stopped
