"""Receives events as they are published: a list for tests, and an iterator for loops."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self
from weakref import WeakMethod

from marcus_events.core.event import Event

logger = logging.getLogger(__name__)

BUFFER = 1_000  # events that a stream holds for a slow reader


class CollectedEvents(list[Event]):
    """The events published within `async with events.collect(…) as seen`, in their order."""

    def __init__(self) -> None:
        super().__init__()
        self._arrived = asyncio.Event()

    def add(self, event: Event) -> None:
        self.append(event)
        self._arrived.set()

    async def wait_for(self, count: int, timeout: float | None = None) -> Self:
        """Return when there are this many. Raises TimeoutError."""
        async with asyncio.timeout(timeout):
            while len(self) < count:
                self._arrived.clear()
                await self._arrived.wait()
        return self


class Stream:
    """Iterates over the events published since it was created. It ends when it is closed or garbage-collected.

    If the reader is too slow, the buffer overflows: until it is empty again, events are counted in `missed` and are not
    returned.
    """

    def __init__(self, name: str, limit: int = BUFFER) -> None:
        self.missed = 0
        self._name = name
        self._limit = limit
        self._events: deque[Event] = deque()
        self._arrived = asyncio.Event()
        self._is_overflowing = False
        self._is_closed = False
        self._unsubscribe: Callable[[], None] = lambda: None

    def push(self, event: Event) -> None:
        if self._is_overflowing or len(self._events) >= self._limit:
            self._count_missed()
        else:
            self._events.append(event)
            self._arrived.set()

    def on_close(self, unsubscribe: Callable[[], None]) -> Self:
        self._unsubscribe = unsubscribe
        return self

    def close(self) -> None:
        """Stop receiving. What the stream holds can still be read; then the iteration ends."""
        self._is_closed = True
        self._arrived.set()
        self._unsubscribe()

    def _count_missed(self) -> None:
        self.missed += 1
        if not self._is_overflowing:
            self._is_overflowing = True
            logger.warning("the stream of %s is read too slowly; events are missed until it is empty", self._name)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        while not self._events:
            self._is_overflowing = False
            if self._is_closed:
                raise StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        return self._events.popleft()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self._unsubscribe()


def push_if_alive(push: WeakMethod[Callable[[Event], None]], event: Event) -> None:
    """A handler that does not keep its stream alive."""
    if (method := push()) is not None:
        method(event)
