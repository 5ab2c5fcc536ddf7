"""The log as the persistence of an `Events`: what is published in this process is in the log, and live everywhere."""

from __future__ import annotations

import asyncio

from channels.db import database_sync_to_async

from marcus_events.core.event import Event
from marcus_events.core.filters import EventFilter
from marcus_events.ingest import ingest
from marcus_events.log import read


class Refused(ValueError):
    """The log did not take the event; the message says which field is wrong and why."""


class LogPersistence:
    """Give it to `Events(persistence=LogPersistence())`. Django must be set up in this process."""

    async def store_event(self, event: Event) -> None:
        """Return when the event is committed. Raises Refused, or LogUnavailable."""
        receipt = (await asyncio.to_thread(ingest, [event]))[0]
        if receipt.status == "rejected":
            raise Refused(receipt.error)

    async def get_events(
        self, event_type: str | None = None, source: str | None = None, limit: int = 100
    ) -> list[Event]:
        """The newest events of a type and a source, oldest first."""
        wanted = EventFilter().with_term("type", event_type or "").with_term("source", source or "")
        found = await database_sync_to_async(read.events)(wanted, limit=limit)
        return [recorded.event for recorded in reversed(found)]
