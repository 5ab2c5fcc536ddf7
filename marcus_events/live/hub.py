"""The hub: one tail per process, fanned out in process to many connections.

Nothing goes through a channel layer: those drop in silence when full, and copy every message. A connection that reads
slowly loses nothing silently and costs nobody memory: its buffer is bounded, and what does not fit becomes a gap that
says from which position to which. Frames are at most four a second, since more cannot be read, and at least one every
five seconds, so that a dead line is noticed. That is for pages (`subscribe`). A program has to miss nothing: it holds
only its position, and reads on from the newest events, which all share, or from the log (`follow`).
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from marcus_events.core.event import RecordedEvent, utc_now
from marcus_events.core.event_types import EventTypes
from marcus_events.core.lifecycle import Declared
from marcus_events.live.recent import Held, Recent
from marcus_events.log import read
from marcus_events.log.connect import CONNECTION_ERRORS, connect
from marcus_events.log.listener import LISTENER
from marcus_events.log.tail import EpochChanged, Tail
from marcus_events.models import ProjectionName

logger = logging.getLogger(__name__)

FRAME_EVERY_S = 0.25  # four paints a second
HEARTBEAT_S = 5.0  # two missed ones are a dead line
BUFFER = 500  # events held for one connection: two minutes of a lively project
RETRY_PAUSE_S = 1.0
TAKEN_LOOK_S = 0.1  # whether the loop has taken a batch, or is to end

FrameMatcher = Callable[[RecordedEvent], bool]


@dataclass(frozen=True)
class Frame:
    """What one connection is to see next.

    `events` are in order; after them `missed` matching events were shed, within the positions `missed_from` to
    `missed_to`. `head` is the newest position that the hub has seen, `projected` how far the tables of the present have
    come. `epoch` changes when positions no longer mean the same events. What was made of the log before the redaction
    on record at `last_redaction` may show what is gone.
    """

    events: list[RecordedEvent]
    missed: int
    missed_from: int | None
    missed_to: int | None
    head: int
    projected: int
    epoch: UUID
    last_redaction: int = 0
    at: datetime = field(default_factory=utc_now)


class HubSubscription:
    """One connection's share of the tail, from the moment it was made. Iterate over it for frames."""

    def __init__(self, hub: Hub, matches: FrameMatcher) -> None:
        self._hub = hub
        self._matches = matches
        self._events: deque[RecordedEvent] = deque()
        self._missed = 0
        self._missed_from: int | None = None
        self._missed_to: int | None = None
        self._news = asyncio.Event()
        self._last_frame = float("-inf")

    def deliver(self, events: list[RecordedEvent]) -> None:
        for event in events:
            if event.event_type == EventTypes.EVENT_REDACTED:
                self._forget(event.data.get("position"))
            if self._matches(event):
                self._keep(event)

    def _forget(self, position: object) -> None:
        """What was redacted is not sent as it was. The page loads itself anew, and then shows what is left of it."""
        self._events = deque(event for event in self._events if event.position != position)
        self._news.set()

    def wake(self) -> None:
        self._news.set()

    def _keep(self, event: RecordedEvent) -> None:
        """Hold the event, or count it as missed: from the first one that does not fit, until the buffer is taken."""
        if len(self._events) < BUFFER and not self._missed:
            self._events.append(event)
        else:
            self._missed += 1
            self._missed_from = self._missed_from or event.position
            self._missed_to = event.position
        self._news.set()

    def __aiter__(self) -> AsyncIterator[Frame]:
        return self._frames()

    async def _frames(self) -> AsyncIterator[Frame]:
        while True:
            await self._pace()
            yield self._take()

    async def _pace(self) -> None:
        """Wait for news or the next heartbeat, and never paint too soon after the last frame."""
        try:
            async with asyncio.timeout(HEARTBEAT_S):
                await self._news.wait()
        except TimeoutError:
            pass
        clock = asyncio.get_running_loop().time
        await asyncio.sleep(max(0.0, self._last_frame + FRAME_EVERY_S - clock()))
        self._last_frame = clock()

    def _take(self) -> Frame:
        self._news.clear()
        hub = self._hub
        missed = self._missed, self._missed_from, self._missed_to
        frame = Frame(list(self._events), *missed, hub.head, hub.projected, hub.epoch, hub.last_redaction)
        self._events.clear()
        self._missed, self._missed_from, self._missed_to = 0, None, None
        return frame


class Hub:
    """Fans the tail out to subscriptions. One event loop uses it; the tail has a thread of its own."""

    def __init__(self) -> None:
        self.head = 0
        self.projected = 0
        self.epoch = UUID(int=0)
        self._followed = 0  # by the tail's thread; `head` is what the loop has been given of it
        self.last_redaction = 0
        self.recent = Recent()  # while somebody follows
        self._subscriptions: set[HubSubscription] = set()
        self._followers: set[asyncio.Event] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = threading.Event()
        self._ready = asyncio.Event()
        self._thread: threading.Thread | None = None

    @property
    def has_begun(self) -> bool:
        """Whether it has seen the log yet."""
        return self._ready.is_set()

    @property
    def connections(self) -> int:
        return len(self._subscriptions) + len(self._followers)

    @asynccontextmanager
    async def subscribe(self, matches: FrameMatcher) -> AsyncIterator[HubSubscription]:
        """Matching events from now on: everything after `hub.head` as it is when this is entered."""
        self._begin_in_loop()
        await self._ready.wait()
        subscription = HubSubscription(self, matches)
        subscription.wake()
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    @asynccontextmanager
    async def follow(self) -> AsyncIterator[asyncio.Event]:
        """An event that is set whenever the log has grown or is another one. What is new stands in `recent`."""
        self._begin_in_loop()
        if not self._followers:
            self.recent.begin(self.head)
        news = asyncio.Event()
        self._followers.add(news)
        try:
            yield news
        finally:
            self._followers.discard(news)
            if not self._followers:
                self.recent.begin(self.head)

    def start(self) -> None:
        """The thread begins with the first subscription, whose event loop it serves."""

    def stop_soon(self) -> None:
        self._stop.set()

    def stop(self) -> None:
        if self._thread is not None:
            self._thread.join()

    def _begin_in_loop(self) -> None:
        if self._thread is None:
            self._loop = asyncio.get_running_loop()
            self._thread = threading.Thread(target=self._run, name="hub", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        """Follow the log for as long as the process lives; start over when it is another log."""
        while not self._stop.is_set():
            try:
                self._follow()
            except EpochChanged:
                logger.warning("the log was replaced; all pages reload")
            except CONNECTION_ERRORS as error:
                logger.debug("the hub is waiting for the database: %s", error)
                self._stop.wait(RETRY_PAUSE_S)

    def _follow(self) -> None:
        """Go on where the last connection ended; begin at the head when there was none, or the log is another one."""
        with connect("hub", autocommit=True) as connection:
            head = read.head(connection)
            if head.epoch != self.epoch:
                self._begin(head)
            tail = Tail(self._followed, epoch=head.epoch)
            try:
                while not self._stop.is_set():
                    events = tail.next()
                    self._hand_over(events, newest_redaction(events, connection))
                    self._followed = tail.position  # only now: what fails below must not cost an event
                    self._call(self._move_on, read.projected(ProjectionName.STATE, connection))
            finally:
                tail.close()

    def _begin(self, head: read.Head) -> None:
        self._followed = head.position
        self._call(self._reset, head)

    def _hand_over(self, events: list[RecordedEvent], last_redaction: int) -> None:
        """Return when the loop has taken them: one that is busy must not find a pile of batches."""
        held = [Held.of(event) for event in events] if self._followers else []
        taken = threading.Event()
        self._call(self._deliver, events, held, last_redaction)
        self._call(taken.set)
        while not taken.wait(TAKEN_LOOK_S) and not self._stop.is_set():
            pass

    def _call(self, function: Callable[..., None], *values: object) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *values)

    def _reset(self, head: read.Head) -> None:
        self.head, self.epoch, self.last_redaction = head.position, head.epoch, head.last_redaction
        self.recent.begin(self.head)
        self._ready.set()
        self._wake_all()
        self._tell_followers()

    def _deliver(self, events: list[RecordedEvent], held: list[Held], last_redaction: int) -> None:
        if events:
            self.head = events[-1].position
            self._remember(held)
            self._forget_redacted(last_redaction)
            for subscription in self._subscriptions:
                subscription.deliver(events)

    def _remember(self, held: list[Held]) -> None:
        """Somebody may have begun to follow after the events were read, when they were held for nobody."""
        if held and self._followers:
            self.recent.add(held)
        else:
            self.recent.begin(self.head)
        self._tell_followers()

    def _forget_redacted(self, last_redaction: int) -> None:
        """Whoever follows reads on from the log, where it is gone."""
        if last_redaction > self.last_redaction:
            self.last_redaction = last_redaction
            self.recent.begin(self.head)

    def _tell_followers(self) -> None:
        for news in self._followers:
            news.set()

    def _move_on(self, projected: int) -> None:
        if projected != self.projected:
            self.projected = projected
            self._wake_all()

    def _wake_all(self) -> None:
        for subscription in self._subscriptions:
            subscription.wake()


def newest_redaction(events: list[RecordedEvent], connection: psycopg.Connection[Any]) -> int:
    """As it is stored, where any of these events tells of one; 0 where none does."""
    if any(event.event_type == EventTypes.EVENT_REDACTED for event in events):
        return read.head(connection).last_redaction
    return 0


HUB = Declared("hub", Hub, needs=(LISTENER,))


def get_hub() -> Hub:
    """The hub of this process."""
    return HUB.get()
