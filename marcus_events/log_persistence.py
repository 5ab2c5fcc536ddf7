"""The log as the persistence of an `Events`: events are stored in the log, and every process on it receives them.

Django must be set up in this process.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial

from channels.db import database_sync_to_async

from marcus_events.bus.log_bridge import LoopEnded
from marcus_events.bus.persistence import DurableSubscription, LogFollower, RejectedEvents
from marcus_events.core.event import Event
from marcus_events.core.filters import EventFilter
from marcus_events.core.reserved import Reserved, check_not_reserved
from marcus_events.ingest import ingest_async
from marcus_events.log import identities, read, related_events
from marcus_events.log.back_pressure import back_pressure
from marcus_events.log.ephemeral import flush_live, live_sender
from marcus_events.log.listener import listener
from marcus_events.log.log_follower import LogFollowing
from marcus_events.subscriptions import Runner

logger = logging.getLogger(__name__)

PAGE_SIZE = 500  # events read at once


class LogPersistence:
    """A `SharedLog`, for `Events(persistence=LogPersistence())`."""

    async def store_event(self, event: Event) -> None:
        """Return when the event is committed. Raises RejectedEvents or LogUnavailable."""
        await self.store_events([event])

    async def store_events(self, events: Sequence[Event]) -> None:
        """Return when all events are committed, up to 500 in one commit. Raises RejectedEvents or LogUnavailable."""
        receipts = await ingest_async(events)
        for event, receipt in zip(events, receipts, strict=True):
            if receipt.warnings:
                text = "; ".join(map(str, receipt.warnings))
                logger.warning("event %s (%s) was accepted with a warning: %s", event.event_id, event.event_type, text)
        if refusals := {n: receipt.error or "" for n, receipt in enumerate(receipts) if receipt.status == "rejected"}:
            raise RejectedEvents(refusals)

    def is_slowing(self) -> bool:
        """Whether the tables or the search index are too far behind the log."""
        return back_pressure().is_slowing()

    async def get_events(
        self, event_type: str | None = None, source: str | None = None, limit: int = 100
    ) -> list[Event]:
        """The newest events of a type and a source, oldest first."""
        event_filter = EventFilter().with_term("type", event_type or "").with_term("source", source or "")
        found = await database_sync_to_async(read.events)(event_filter, limit=limit)
        return [recorded.event for recorded in reversed(found)]

    async def events_after(self, event: Event) -> AsyncIterator[Event]:
        """All events after the given one, in the order of the log; none if the log does not have it."""
        position = await database_sync_to_async(identities.position_of)(event)
        following = database_sync_to_async(partial(read.following, max_bytes=read.MOST_BYTES))
        while position and (found := await following(position, PAGE_SIZE)):
            for recorded in found:
                yield recorded.event
            position = found[-1].position

    async def related(self, correlation_id: str) -> list[Event]:
        """The events of a correlation, in the order of the log."""
        found = await database_sync_to_async(related_events.related)(correlation_id)
        return [recorded.event for recorded in found]

    async def send_live(self, event: Event) -> None:
        """Send the event to every process that follows the log, without storing it.

        Raises TypeError if it cannot be encoded as JSON, and RejectedEvents if its type or source is reserved.
        """
        try:
            check_not_reserved(event)
        except Reserved as error:
            raise RejectedEvents({0: str(error)}) from error
        live_sender().send(event)

    async def flush_live(self) -> None:
        """Return when these events have been sent, or could not be sent for some time."""
        await asyncio.to_thread(flush_live)

    def follow(self, receive: Callable[[Sequence[Event]], None]) -> LogFollower:
        """Call `receive`, in a thread of its own, with what any process publishes from now on."""
        return LogFollowing(receive)

    def follow_durably(self, subscription: DurableSubscription, handle: Callable[[Event], None]) -> LogFollower:
        """Call `handle`, in a thread of its own, with each event that this subscription has not handled yet.

        One process at a time does so.
        """
        return DurableFollower(subscription, handle)


class DurableFollower:
    """Runs a durable subscription in a thread."""

    def __init__(self, subscription: DurableSubscription, handle: Callable[[Event], None]) -> None:
        self._runner = Runner(
            subscription.name,
            patterns=subscription.patterns,
            matches=lambda recorded: subscription.matches(recorded.event),
            call=self._call,
            after=subscription.after,
        )
        self._handle = handle
        self._stop = threading.Event()
        name = f"subscription {subscription.name}"
        self._thread = threading.Thread(target=self._runner.run, args=(self._stop,), name=name, daemon=True)
        self._thread.start()

    def _call(self, event: Event) -> None:
        try:
            self._handle(event)
        except LoopEnded:
            self._stop.set()  # no handler is left to call; this is not a failure of the event
            raise

    def wait_ready(self, timeout_s: float) -> bool:
        """Wait until the log knows the subscription: from then on it misses nothing, however late it runs."""
        return self._runner.wait_created(timeout_s)

    def close(self) -> None:
        self._stop.set()
        listener().wake()
        self._thread.join()
