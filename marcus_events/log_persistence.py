"""The log as the persistence of an `Events`: what is published in this process is in the log, and live everywhere.

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
from marcus_events.bus.persistence import DurablyWanted, LogFollower, RejectedEvents
from marcus_events.core.event import Event
from marcus_events.core.filters import EventFilter
from marcus_events.core.reserved import Reserved, check_not_reserved
from marcus_events.ingest import ingest_async
from marcus_events.log import identities, read, related_events
from marcus_events.log.ephemeral import flush_live, live_sender
from marcus_events.log.listener import listener
from marcus_events.log.log_follower import LogFollowing
from marcus_events.subscriptions import Runner

logger = logging.getLogger(__name__)

LOOK_THROUGH = 500  # events read at once


class LogPersistence:
    """Give it to `Events(persistence=LogPersistence())`; it is a `SharedLog`."""

    async def store_event(self, event: Event) -> None:
        """Return when the event is committed. Raises Refused, or LogUnavailable."""
        await self.store_events([event])

    async def store_events(self, events: Sequence[Event]) -> None:
        """Return when all are committed, up to 500 of them in one commit. Raises Refused, or LogUnavailable."""
        receipts = await ingest_async(events)
        for event, receipt in zip(events, receipts, strict=True):
            if receipt.warnings:
                told = "; ".join(map(str, receipt.warnings))
                logger.warning("event %s (%s) was taken with a warning: %s", event.event_id, event.event_type, told)
        if refusals := {n: receipt.error or "" for n, receipt in enumerate(receipts) if receipt.status == "rejected"}:
            raise RejectedEvents(refusals)

    async def get_events(
        self, event_type: str | None = None, source: str | None = None, limit: int = 100
    ) -> list[Event]:
        """The newest events of a type and a source, oldest first."""
        wanted = EventFilter().with_term("type", event_type or "").with_term("source", source or "")
        found = await database_sync_to_async(read.events)(wanted, limit=limit)
        return [recorded.event for recorded in reversed(found)]

    async def events_after(self, event: Event) -> AsyncIterator[Event]:
        """Everything behind an event, in the log's order; nothing where the log does not have it."""
        position = await database_sync_to_async(identities.position_of)(event)
        following = database_sync_to_async(partial(read.following, max_bytes=read.MOST_BYTES))
        while position and (found := await following(position, LOOK_THROUGH)):
            for recorded in found:
                yield recorded.event
            position = found[-1].position

    async def related(self, correlation_id: str) -> list[Event]:
        """The events of a correlation, in the log's order."""
        found = await database_sync_to_async(related_events.related)(correlation_id)
        return [recorded.event for recorded in found]

    async def send_live(self, event: Event) -> None:
        """Tell every process that follows, and keep nothing. Raises TypeError where JSON cannot hold the event, and
        Refused where only the system may say it.
        """
        try:
            check_not_reserved(event)
        except Reserved as error:
            raise RejectedEvents({0: str(error)}) from error
        live_sender().send(event)

    async def flush_live(self) -> None:
        """Return when that has been told, or could not be for some time."""
        await asyncio.to_thread(flush_live)

    def follow(self, hear: Callable[[Sequence[Event]], None]) -> LogFollower:
        """Call `hear`, in a thread of its own, with what is published from now on by any process."""
        return LogFollowing(hear)

    def follow_durably(self, subscription: DurablyWanted, hear: Callable[[Event], None]) -> LogFollower:
        """Call `hear`, in a thread of its own, with what this subscription has not had; one process at a time does."""
        return DurableFollowing(subscription, hear)


class DurableFollowing:
    """A durable subscription's runner, in a thread."""

    def __init__(self, wanted: DurablyWanted, hear: Callable[[Event], None]) -> None:
        self._runner = Runner(
            wanted.name,
            patterns=wanted.patterns,
            matches=lambda recorded: wanted.matches(recorded.event),
            call=self._call,
            after=wanted.after,
        )
        self._hear = hear
        self._stop = threading.Event()
        name = f"subscription {wanted.name}"
        self._thread = threading.Thread(target=self._runner.run, args=(self._stop,), name=name, daemon=True)
        self._thread.start()

    def _call(self, event: Event) -> None:
        try:
            self._hear(event)
        except LoopEnded:
            self._stop.set()  # nobody is left to handle anything; it is no fault of the event's
            raise

    def wait_ready(self, timeout_s: float) -> bool:
        """It has its place in the log; nothing is missed however late it gets there."""
        return self._runner.wait_known(timeout_s)

    def close(self) -> None:
        self._stop.set()
        listener().wake()
        self._thread.join()
