"""Publishes acts, each once. While the database is away it waits, and loses nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Protocol, TypeVar

from django.db import Error as DjangoDatabaseError
from django.db import connection

from marcus_events.core.event import Event, RecordedEvent
from marcus_events.core.filters import EventFilter
from marcus_events.ingest import Receipt, ingest
from marcus_events.log.connect import CONNECTION_ERRORS
from marcus_events.log.identities import known_ids
from marcus_events.log.read import event as read_event
from marcus_events.log.read import events, head
from marcus_events.log.task_endings import rests
from marcus_events.log.task_history import task_history
from marcus_events.log.writer import LogUnavailable
from marcus_events.sources.marcus.act_events import Translator
from marcus_events.sources.marcus.acts import MarcusAct
from marcus_events.sources.marcus.follow_lock import FollowLock
from marcus_events.sources.marcus.lateness import TaskEndings, with_marks
from marcus_events.sources.marcus.published_acts import know
from marcus_events.sources.marcus.records import Unreadable

AWAY = (DjangoDatabaseError, LogUnavailable, *CONNECTION_ERRORS)
PAGE = 1_000
RETRY_S = 1.0  # as often as the log itself is looked at
TURN_S = 0.05  # between two tries to be next; a look takes some milliseconds

Answer = TypeVar("Answer")


class SaysOfDatabase(Protocol):
    def __call__(self, text: str, *, is_away: bool) -> None: ...


class Stopped(Exception):
    """It was asked to end while it waited for the database."""


@dataclass
class Outcome:
    """What became of acts: new to the log, known to it, or refused by it."""

    new: int = 0
    known: int = 0

    def __iadd__(self, other: Outcome) -> Outcome:
        self.new += other.new
        self.known += other.known
        return self


class Publisher:
    """`say` is told once that the database is away, and once that it is back; `complain` what the log refuses."""

    def __init__(
        self,
        translator: Translator,
        is_seen: Callable[[str], bool],
        turns: FollowLock,
        stop: threading.Event,
        say: SaysOfDatabase,
        complain: Callable[[Unreadable], None],
    ) -> None:
        self.translator, self.is_seen, self.turns = translator, is_seen, turns
        self.stop, self.say, self.complain = stop, say, complain
        self._before: int | None = None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """A time in which nobody else looks and publishes. Raises Stopped."""
        while not self._insist(self.turns.take)[0]:
            if self.stop.wait(TURN_S):
                raise Stopped
        try:
            yield
        finally:
            self.turns.pass_on()

    def publish(self, acts: list[MarcusAct]) -> Outcome:
        """Answers when all of the acts are in the log. Raises Stopped."""
        candidates = list(chain.from_iterable(act.candidates for act in acts))
        known, _ = self._insist(lambda: known_ids(candidates))
        know(acts, known, self._events_within, self.translator.board_id_of, self.is_seen)
        outcome = Outcome(known=sum(act.event_id is not None for act in acts))
        new = with_marks(list(self.translator.events(acts)), self._rests)
        receipts, was_away = self._insist(lambda: ingest(new) if new else [])
        for event, receipt in zip(new, receipts, strict=True):
            outcome += self._outcome(event, receipt, was_away, acts)
        return outcome

    def tell(self, events: list[Event]) -> Outcome:
        """Publish events that are no acts: what only the board tells. Raises Stopped."""
        receipts, _ = self._insist(lambda: ingest(events))
        for event, receipt in zip(events, receipts, strict=True):
            if receipt.status == "rejected":
                self.complain(Unreadable(f"the card of task {event.data['task_id']}", f"was rejected: {receipt.error}"))
        return Outcome(new=sum(receipt.status == "accepted" for receipt in receipts))

    def history(self, task_ids: Sequence[str]) -> list[RecordedEvent]:
        """What followers have published about these tasks. Raises Stopped."""
        return self._insist(lambda: task_history(task_ids))[0]

    def _rests(self, task_ids: list[str]) -> TaskEndings:
        return self._insist(lambda: rests(task_ids))[0]

    def _events_within(self, since: datetime, until: datetime) -> Iterator[Event]:
        """What the log held of a time when we began: what was published since, we know by its id."""
        if self._before is None:
            self._before = self._insist(head)[0].position + 1
        wanted, before = EventFilter(since=since, until=until), self._before
        while found := self._page(wanted, before):
            yield from (recorded.event for recorded in found)
            before = found[-1].position

    def _page(self, wanted: EventFilter, before: int) -> list[RecordedEvent]:
        return self._insist(lambda: events(wanted, before=before, limit=PAGE))[0] if before > 1 else []

    def _outcome(self, event: Event, receipt: Receipt, was_away: bool, acts: list[MarcusAct]) -> Outcome:
        """A conflict with the same act means that another follower was first, from other files of the installation.

        A duplicate after the database was away is what we published ourselves without hearing of it.
        """
        if receipt.status == "accepted" or (receipt.status == "duplicate" and was_away):
            return Outcome(new=1)
        if receipt.status == "duplicate" or self._is_same_act(event, receipt):
            return Outcome(known=1)
        where = next(act.preferred.where for act in acts if act.event_id == event.event_id)
        self.complain(Unreadable(where, f"was rejected: {receipt.error}"))
        return Outcome()

    def _is_same_act(self, event: Event, receipt: Receipt) -> bool:
        """Whether the event that has this identity already tells of the same act; a stranger's does not."""
        if receipt.position is None:
            return False
        position = receipt.position
        found, _ = self._insist(lambda: read_event(position))
        return found is not None and found.metadata.get("act") == (event.metadata or {}).get("act")

    def _insist(self, ask: Callable[[], Answer]) -> tuple[Answer, bool]:
        """The answer, and whether the database was away before it came."""
        was_away = False
        while True:
            try:
                answer = ask()
            except AWAY as error:
                self._wait(error, was_away)
                was_away = True
            else:
                if was_away:
                    self.say("The database is back.", is_away=False)
                return answer, was_away

    def _wait(self, error: Exception, was_away: bool) -> None:
        if not was_away:
            reason = str(error).strip().partition("\n")[0]
            self.say(f"The database is not reachable, retrying every second: {reason}", is_away=True)
        connection.close()
        if self.stop.wait(RETRY_S):
            raise Stopped
