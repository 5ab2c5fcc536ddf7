"""The hub: one thread per process reads the log, and hands its events to many connections of one event loop.

Pages `subscribe`: they are sent frames of matching events, see `hub_subscription`. Programs `follow`: they must miss
nothing, so they keep their position, and read on from the newest events, which all share (`recent`), or from the log.

Events do not go through a channel layer: that drops messages silently when it is full, and copies each for every
connection.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import psycopg

from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_types import EventTypes
from marcus_events.core.lifecycle import Declared, lasting_thread
from marcus_events.core.threshold import Threshold
from marcus_events.live.hub_subscription import FrameMatcher, HubSubscription, LogState
from marcus_events.live.recent import Held, Recent
from marcus_events.log import read
from marcus_events.log.connect import CONNECTION_ERRORS, connect
from marcus_events.log.listener import LISTENER, listener
from marcus_events.log.projection_lag import BEHIND_AFTER_S, TABLES, Lags, longest, read_lags
from marcus_events.log.tail import EpochChanged, Tail
from marcus_events.models import ProjectionName

logger = logging.getLogger(__name__)

RETRY_PAUSE_S = 1.0
LAGS_EVERY_S = 0.5  # between two reads of the lags while no projection moves on; a tail that waits returns after 1 s
STOP_CHECK_S = 0.1  # how often the thread checks, while the event loop is busy, whether it has to stop


class Hub(LogState):
    """Reads the log in a thread of its own, and delivers to subscriptions and followers in one event loop.

    Only the event loop changes the attributes of LogState, `recent`, the subscriptions and the followers. The thread
    has `_read_to` alone.
    """

    def __init__(self) -> None:
        super().__init__()
        self.recent = Recent()  # filled while there are followers
        self._subscriptions: set[HubSubscription] = set()
        self._followers: set[asyncio.Event] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = asyncio.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._tables_lag, self._search_lag = Threshold(BEHIND_AFTER_S), Threshold(BEHIND_AFTER_S)
        self._read_to = 0  # the position that the thread has handed over; `head` once the loop has taken it

    @property
    def has_begun(self) -> bool:
        """Whether it has read the state of the log."""
        return self._ready.is_set()

    @property
    def connections(self) -> int:
        return len(self._subscriptions) + len(self._followers)

    @asynccontextmanager
    async def subscribe(self, matches: FrameMatcher) -> AsyncIterator[HubSubscription]:
        """A subscription to all matching events after the `head` that the hub has when the block is entered."""
        self._ensure_thread()
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
        """An event that is set whenever the log has grown or was replaced. The new events are in `recent`."""
        self._ensure_thread()
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
        """Nothing: the thread starts with the first subscription, since it serves that one's event loop."""

    def stop_soon(self) -> None:
        self._stop.set()

    def stop(self) -> None:
        if self._thread is not None:
            self._thread.join()

    def _ensure_thread(self) -> None:
        if self._thread is None:
            self._loop = asyncio.get_running_loop()
            self._thread = lasting_thread("hub", self._run, self._stop)
            self._thread.start()

    # In the thread

    def _run(self) -> None:
        """Follow the log until the hub stops. Start over after the loss of the database, or of the log."""
        while not self._stop.is_set():
            try:
                self._follow_log()
            except EpochChanged:
                logger.warning("the log was replaced; all pages reload")
            except CONNECTION_ERRORS as error:
                logger.debug("the hub is waiting for the database: %s", error)
                self._stop.wait(RETRY_PAUSE_S)

    def _follow_log(self) -> None:
        """Read on where the last connection ended; from the head where there was none, or the log was replaced."""
        projected, lags_at = -1, 0.0
        with connect("hub", autocommit=True) as connection:
            head = read.head(connection)
            if head.epoch != self.epoch:
                self._read_to = head.position
                self._schedule(self._reset, head)
            tail = Tail(self._read_to, epoch=head.epoch)
            try:
                while not self._stop.is_set():
                    if events := tail.next():
                        self._hand_over(events, newest_redaction(events, connection))
                        self._read_to = tail.position  # before the next query, whose failure must not cost these events
                    if listener().projected != projected or time.monotonic() >= lags_at:
                        projected, lags_at = listener().projected, time.monotonic() + LAGS_EVERY_S
                        self._schedule(self._set_lags, read_lags(connection=connection))
            finally:
                tail.close()

    def _hand_over(self, events: list[RecordedEvent], last_redaction: int) -> None:
        """Deliver a batch in the event loop, and wait until that is done. What can go wrong:

        - The loop is busy. The thread waits, so that the loop never has more than one batch to deliver; the rest stays
          in the log.
        - The delivery raises. asyncio logs the error, and the thread goes on with the next batch.
        - The loop ends first, and never delivers. The thread waits until it has to stop.
        """
        held = [Held.of(event) for event in events] if self._followers else []  # JSON is not made in the event loop
        is_delivered = threading.Event()
        self._schedule(self._deliver, events, held, last_redaction, is_delivered)
        while not is_delivered.wait(STOP_CHECK_S) and not self._stop.is_set():
            pass

    def _schedule(self, function: Callable[..., None], *values: object) -> None:
        """Run a function soon in the event loop, in the order of the calls; never where the loop has ended."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *values)

    # In the event loop

    def _reset(self, head: read.Head) -> None:
        self.head, self.epoch, self.last_redaction = head.position, head.epoch, head.last_redaction
        self.recent.begin(self.head)
        self._ready.set()
        self._wake_subscriptions()
        self._notify_followers()

    def _deliver(
        self, events: list[RecordedEvent], held: list[Held], last_redaction: int, is_delivered: threading.Event
    ) -> None:
        try:
            self.head = events[-1].position
            self._add_to_recent(held)
            self._forget_redacted(last_redaction)
            for subscription in self._subscriptions:
                subscription.deliver(events)
        finally:
            is_delivered.set()

    def _add_to_recent(self, held: list[Held]) -> None:
        """Where the first follower came after the thread had read the events, `held` is empty: it reads the log."""
        if held and self._followers:
            self.recent.add(held)
        else:
            self.recent.begin(self.head)
        self._notify_followers()

    def _forget_redacted(self, last_redaction: int) -> None:
        """Followers read on from the log, where the redacted text is gone."""
        if last_redaction > self.last_redaction:
            self.last_redaction = last_redaction
            self.recent.begin(self.head)

    def _set_lags(self, lags: Lags) -> None:
        before = self.projected, self.behind_s, self.search_behind_s
        self.projected = lags[ProjectionName.STATE].position
        self.behind_s = noticeable(self._tables_lag, longest(lags, TABLES))
        self.search_behind_s = noticeable(self._search_lag, longest(lags, [ProjectionName.SEARCH]))
        if before != (self.projected, self.behind_s, self.search_behind_s):
            self._wake_subscriptions()

    def _notify_followers(self) -> None:
        for news in self._followers:
            news.set()

    def _wake_subscriptions(self) -> None:
        for subscription in self._subscriptions:
            subscription.wake()


def noticeable(threshold: Threshold, lag_s: float) -> int:
    """The lag in whole seconds; 0 while it is below the threshold."""
    return round(lag_s) if threshold.update(lag_s) else 0


def newest_redaction(events: list[RecordedEvent], connection: psycopg.Connection[Any]) -> int:
    """The position of the newest redaction's record, where any of these events says that there is one; else 0."""
    if any(event.event_type == EventTypes.EVENT_REDACTED for event in events):
        return read.head(connection).last_redaction
    return 0


HUB = Declared("hub", Hub, needs=(LISTENER,))


def get_hub() -> Hub:
    """The hub of this process."""
    return HUB.get()
