"""The algorithm of Marcus's own `Events`, restated: what the others are compared with, and what a persistence must fit.

One task per handler and event, gathered; errors of handlers are caught; no time limit, no bound, no second attempt.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from marcus_events.core.event import Event

logger = logging.getLogger(__name__)

Handler = Callable[[Event], Awaitable[None]]


class MarcusEvents:
    def __init__(self, store_history: bool = False, persistence: Any = None) -> None:
        self.subscribers: dict[str, list[Handler]] = {}
        self.store_history = store_history
        self.history: list[Event] = []
        self.persistence = persistence
        self._event_counter = 0

    def subscribe(self, event_type: str, handler: Handler) -> None:
        self.subscribers.setdefault(event_type, []).append(handler)

    async def publish(
        self, event_type: str, source: str, data: dict[str, Any], metadata: dict[str, Any] | None = None
    ) -> Event:
        self._event_counter += 1
        now = datetime.now(UTC)
        event = Event(f"evt_{self._event_counter}_{now.timestamp()}", now, event_type, source, data, metadata or {})
        if self.store_history:
            self.history = [*self.history[-999:], event]
        if self.persistence is not None:
            await self._store(event)
        if handlers := [*self.subscribers.get(event_type, []), *self.subscribers.get("*", [])]:
            await asyncio.gather(*(self._call(handler, event) for handler in handlers))
        return event

    async def get_history(
        self, event_type: str | None = None, source: str | None = None, limit: int = 100
    ) -> list[Event]:
        if self.persistence is not None:
            found: list[Event] = await self.persistence.get_events(event_type=event_type, source=source, limit=limit)
            return found
        return self.history[-limit:]

    async def _store(self, event: Event) -> None:
        try:
            await self.persistence.store_event(event)
        except Exception as error:
            logger.warning("not stored: %s", error)

    async def _call(self, handler: Handler, event: Event) -> None:
        try:
            await handler(event)
        except Exception as error:
            logger.warning("handler failed: %s", error)
