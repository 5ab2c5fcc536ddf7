"""Events as they come: a list for tests, and an iterator for loops."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

from marcus_events.core.event import Event

logger = logging.getLogger(__name__)

BUFFER = 1_000  # events that a stream holds for who reads slowly


class Seen(list[Event]):
    """The events that were published within `async with events.collect(…) as seen`, in their order."""

    def __init__(self) -> None:
        super().__init__()
        self._news = asyncio.Event()

    def hear(self, event: Event) -> None:
        self.append(event)
        self._news.set()

    async def wait_for(self, count: int, timeout: float | None = None) -> Self:
        """Return when there are this many. Raises TimeoutError."""
        async with asyncio.timeout(timeout):
            while len(self) < count:
                self._news.clear()
                await self._news.wait()
        return self


class Stream:
    """Iterates over events from the moment it was made; ends when it is closed or forgotten.

    Who reads too slowly to keep up hears of it: from the first event that does not fit until the buffer is empty,
    events are counted in `missed` and not given.
    """

    def __init__(self, name: str, limit: int = BUFFER) -> None:
        self.missed = 0
        self._name = name
        self._limit = limit
        self._events: deque[Event] = deque()
        self._news = asyncio.Event()
        self._is_full = False
        self._is_closed = False
        self._at_end: Callable[[], None] = lambda: None

    def hear(self, event: Event) -> None:
        if self._is_full or len(self._events) >= self._limit:
            self._miss()
        else:
            self._events.append(event)
            self._news.set()

    def at_end(self, unsubscribe: Callable[[], None]) -> Self:
        self._at_end = unsubscribe
        return self

    def close(self) -> None:
        """What is held can still be read; then the iteration ends."""
        self._is_closed = True
        self._news.set()
        self._at_end()

    def _miss(self) -> None:
        self.missed += 1
        if not self._is_full:
            self._is_full = True
            logger.warning("the stream of %s is read too slowly; events are missed until it is empty", self._name)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        while not self._events:
            self._is_full = False
            if self._is_closed:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        return self._events.popleft()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self._at_end()
