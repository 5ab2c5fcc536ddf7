"""A persistence in memory: for tests, and for programs whose events need not outlive them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from marcus_events.core.event import Event

LIMIT = 1_000  # events


class MemoryPersistence:
    """Stores the newest `limit` events, each (source, event_id) once."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._events: dict[tuple[str, str], Event] = {}
        self._order: deque[tuple[str, str]] = deque()
        self._limit = limit

    async def store_event(self, event: Event) -> None:
        identity = (event.source, event.event_id)
        if identity in self._events:
            return
        self._events[identity] = event
        self._order.append(identity)
        if len(self._order) > self._limit:
            del self._events[self._order.popleft()]

    async def store_events(self, events: Sequence[Event]) -> None:
        for event in events:
            await self.store_event(event)

    async def get_events(
        self, event_type: str | None = None, source: str | None = None, limit: int = 100
    ) -> list[Event]:
        found = [e for e in self._events.values() if event_type in (None, e.event_type) and source in (None, e.source)]
        return found[-limit:] if limit > 0 else []
