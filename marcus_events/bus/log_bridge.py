"""What other processes publish on the same log, heard here; and durable subscriptions, driven here.

The log tells of every event, also of those that were published here and that handlers have had already. Those are
known by their identity, which is remembered until the log has told of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import CancelledError as FutureCancelled
from functools import partial
from typing import Any, TypeVar

from marcus_events.bus.persistence import DurablyWanted, LogFollower, SharedLog
from marcus_events.core.event import Event

Result = TypeVar("Result")

MAX_OWN = 200_000  # identities, about 40 MB: what is published in minutes while the log is away
LOOK_EVERY_S = 1.0  # whether the loop that is called has ended meanwhile

Take = Callable[[Event], Awaitable[None]]
TakeDurably = Callable[[Event], Coroutine[Any, Any, BaseException | None]]


class HandlerFailed(RuntimeError):
    """The handler of a durable subscription failed; the event will be offered to it again."""


class LoopEnded(RuntimeError):
    """The event loop that handlers run in has ended without closing its Events."""


class Sharing:
    """One Events' share of a log. It begins with the first subscriber: who only publishes needs no thread for it."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._own: dict[tuple[str, str], None] = {}
        self._following: LogFollower | None = None
        self._durable: dict[str, LogFollower] = {}

    @property
    def is_following(self) -> bool:
        return self._following is not None

    def follow(self, log: SharedLog) -> None:
        if self._following is None:
            self._following = log.follow(partial(self._hear, asyncio.get_running_loop()))

    def follow_durably(self, log: SharedLog, wanted: DurablyWanted, take: TakeDurably) -> None:
        hear = partial(self._hear_durably, asyncio.get_running_loop(), take)
        self._durable[wanted.name] = log.follow_durably(wanted, hear)

    def is_own(self, event: Event) -> None:
        """Handlers here get the event by themselves; call it before the log can have it."""
        if self._following is not None:
            self._own[event.source, event.event_id] = None
            if len(self._own) > MAX_OWN:
                del self._own[next(iter(self._own))]

    async def wait_ready(self, timeout_s: float) -> bool:
        everything = [self._following, *self._durable.values()]
        ready = [asyncio.to_thread(following.wait_ready, timeout_s) for following in everything if following]
        return all(await asyncio.gather(*ready))

    async def stop(self, name: str) -> None:
        """End a durable subscription here; another process may go on with it."""
        if following := self._durable.pop(name, None):
            await asyncio.to_thread(following.close)

    async def close(self) -> None:
        for name in list(self._durable):
            await self.stop(name)
        if self._following is not None:
            await asyncio.to_thread(self._following.close)
            self._following = None

    def _hear(self, loop: asyncio.AbstractEventLoop, events: Sequence[Event]) -> None:
        try:
            in_loop(loop, self._take_in(events))
        except LoopEnded:  # nobody will close the others
            for following in self._durable.values():
                following.close()
            raise

    async def _take_in(self, events: Sequence[Event]) -> None:
        for event in events:
            if self._own.pop((event.source, event.event_id), self) is self:
                await self._take(event)

    def _hear_durably(self, loop: asyncio.AbstractEventLoop, take: TakeDurably, event: Event) -> None:
        if (error := in_loop(loop, take(event))) is not None:
            raise HandlerFailed(f"{type(error).__name__}: {error}") from error


def in_loop(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Result]) -> Result:
    """Do this work in an event loop of another thread, and wait for it. Raises LoopEnded."""
    if loop.is_closed():
        work.close()
        raise LoopEnded
    working = asyncio.run_coroutine_threadsafe(work, loop)
    while True:
        try:
            return working.result(LOOK_EVERY_S)
        except FutureCancelled:
            raise LoopEnded from None
        except TimeoutError:
            if working.done() or loop.is_closed():
                raise LoopEnded from None
