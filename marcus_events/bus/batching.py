"""Batched storing: events that are stored together, a moment after they were published."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from marcus_events.core.event import Event

MAX_DELAY_S = 0.05  # not noticeable to a person, and long enough for a busy program to fill a batch
MAX_BATCH = 500  # events in a commit
MAX_QUEUED = 10_000  # events; beyond that publishing waits for the commits, as it does without batching


class Batcher:
    """Queues events, and stores them MAX_DELAY_S seconds after the first or as soon as there are MAX_BATCH."""

    def __init__(self, store: Callable[[Sequence[Event]], Awaitable[None]]) -> None:
        self._store = store
        self._queue: list[Event] = []
        self._flushing: asyncio.Task[None] | None = None
        self._is_full: asyncio.Event = asyncio.Event()

    def __len__(self) -> int:
        return len(self._queue)

    async def add(self, event: Event) -> None:
        """Queue the event; waits only while the queue is too long."""
        self._queue.append(event)
        if self._flushing is None or self._flushing.done() or self._flushing.get_loop().is_closed():
            self._is_full = asyncio.Event()
            self._flushing = asyncio.get_running_loop().create_task(self._flush_soon())
        if len(self._queue) >= MAX_BATCH:
            self._is_full.set()
        if len(self._queue) >= MAX_QUEUED:
            await self.flush()

    async def flush(self) -> None:
        """Return when everything that was queued is stored, or pending in `Delivery`."""
        self._is_full.set()
        if self._flushing is not None and not self._flushing.get_loop().is_closed():
            await asyncio.shield(self._flushing)
        await self._store_all()

    async def _flush_soon(self) -> None:
        try:
            async with asyncio.timeout(MAX_DELAY_S):
                await self._is_full.wait()
        except TimeoutError:
            pass
        await self._store_all()

    async def _store_all(self) -> None:
        while self._queue:
            batch = self._queue[:MAX_BATCH]
            del self._queue[:MAX_BATCH]
            await self._store(batch)
