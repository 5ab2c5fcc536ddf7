"""Events that are stored together, a moment after they were published."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from marcus_events.core.event import Event

WITHIN_S = 0.05  # a person does not notice; a busy program fills a batch in this time
MAX_BATCH = 500  # events in a commit
MAX_WAITING = 10_000  # events; then publishing waits for the commits, as it does without batching


class Batcher:
    """Gathers events, and stores them WITHIN_S seconds after the first or as soon as there are MAX_BATCH."""

    def __init__(self, store: Callable[[Sequence[Event]], Awaitable[None]]) -> None:
        self._store = store
        self._events: list[Event] = []
        self._flushing: asyncio.Task[None] | None = None
        self._full: asyncio.Event = asyncio.Event()

    def __len__(self) -> int:
        return len(self._events)

    async def add(self, event: Event) -> None:
        """Return when it is queued."""
        self._events.append(event)
        if self._flushing is None or self._flushing.done() or self._flushing.get_loop().is_closed():
            self._full = asyncio.Event()
            self._flushing = asyncio.get_running_loop().create_task(self._flush_soon())
        if len(self._events) >= MAX_BATCH:
            self._full.set()
        if len(self._events) >= MAX_WAITING:
            await self.flush()

    async def flush(self) -> None:
        """Return when all that was queued is stored, or kept for later."""
        self._full.set()
        if self._flushing is not None and not self._flushing.get_loop().is_closed():
            await asyncio.shield(self._flushing)
        await self._store_all()

    async def _flush_soon(self) -> None:
        try:
            async with asyncio.timeout(WITHIN_S):
                await self._full.wait()
        except TimeoutError:
            pass
        await self._store_all()

    async def _store_all(self) -> None:
        while self._events:
            batch = self._events[:MAX_BATCH]
            del self._events[:MAX_BATCH]
            await self._store(batch)
