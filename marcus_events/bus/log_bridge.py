"""Connects an `Events` to a shared log: receives what other processes publish, and drives durable subscriptions.

The log also returns the events that were published here, which handlers here already have. They are recognised by
their identity, which is remembered until the log has returned it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from concurrent.futures import CancelledError as FutureCancelled
from functools import partial
from typing import Any, TypeVar

from marcus_events.bus.persistence import DurableSubscription, LogFollower, Persistence, SharedLog
from marcus_events.bus.subscribers import HandlerSubscription
from marcus_events.core.event import Event

Result = TypeVar("Result")

MAX_PUBLISHED_HERE = 200_000  # identities, about 40 MB: what is published in minutes while the log is away
CHECK_LOOP_EVERY_S = 1.0  # whether the event loop that is waited for has ended meanwhile

ReceiveEvent = Callable[[Event], Awaitable[None]]
CallHandler = Callable[[Event, HandlerSubscription], Coroutine[Any, Any, BaseException | None]]


class HandlerFailed(RuntimeError):
    """The handler of a durable subscription failed; the event will be retried."""


class LoopEnded(RuntimeError):
    """The event loop of the handlers has ended, and its `Events` was not closed."""


class LogBridge:
    """The connection of one `Events` to a log.

    It begins with the first subscription, as soon as an event loop runs. A program that only publishes needs no thread.
    """

    def __init__(self, receive: ReceiveEvent, call_handler: CallHandler) -> None:
        self._receive = receive
        self._call_handler = call_handler
        self._published_here: dict[tuple[str, str], None] = {}
        self._connected_to: Persistence | None = None  # also one that is no log, so that it is not examined again
        self._follower: LogFollower | None = None
        self._durable_followers: dict[str, LogFollower] = {}
        self._not_started: list[tuple[DurableSubscription, HandlerSubscription]] = []

    @property
    def is_following(self) -> bool:
        return self._follower is not None

    def add_durable(self, durable: DurableSubscription, handler: HandlerSubscription) -> None:
        """Start this subscription with the next `connect`."""
        self._not_started.append((durable, handler))
        self._connected_to = None

    def connect(self, persistence: Persistence | None, *, has_subscribers: bool) -> None:
        """Follow the log if there is one, somebody subscribed, and an event loop runs. May be called at any time."""
        if persistence is self._connected_to or not (has_subscribers or self._not_started):
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        self._connected_to = persistence
        if not isinstance(persistence, SharedLog):
            return
        if self._follower is None:
            self._follower = persistence.follow(partial(self._on_events, loop))
        for durable, handler in self._not_started:
            handle = partial(self._on_durable_event, loop, handler)
            self._durable_followers[durable.name] = persistence.follow_durably(durable, handle)
        self._not_started.clear()

    def add_published(self, events: Iterable[Event]) -> None:
        """Note that handlers here get these events without the log. Call it before the log can have them."""
        if self._follower is None:
            return
        for event in events:
            self._published_here[event.source, event.event_id] = None
            if len(self._published_here) > MAX_PUBLISHED_HERE:
                del self._published_here[next(iter(self._published_here))]

    async def wait_ready(self, timeout_s: float) -> bool:
        """Wait until nothing is missed any more; return whether it was within the time."""
        followers = [follower for follower in (self._follower, *self._durable_followers.values()) if follower]
        return all(await asyncio.gather(*(asyncio.to_thread(each.wait_ready, timeout_s) for each in followers)))

    async def stop_durable(self, name: str) -> None:
        """End a durable subscription in this process; another one may continue it."""
        self._not_started = [(durable, handler) for durable, handler in self._not_started if durable.name != name]
        if follower := self._durable_followers.pop(name, None):
            await asyncio.to_thread(follower.close)

    async def aclose(self) -> None:
        for name in list(self._durable_followers):
            await asyncio.to_thread(self._durable_followers.pop(name).close)
        if self._follower is not None:
            await asyncio.to_thread(self._follower.close)
            self._follower = None

    def _on_events(self, loop: asyncio.AbstractEventLoop, events: Sequence[Event]) -> None:
        """Runs in the follower's thread."""
        try:
            run_in_loop(loop, self._receive_new(events))
        except LoopEnded:  # nobody will close the other followers
            for follower in self._durable_followers.values():
                follower.close()
            raise

    async def _receive_new(self, events: Sequence[Event]) -> None:
        for event in events:
            identity = (event.source, event.event_id)
            if identity in self._published_here:
                del self._published_here[identity]
            else:
                await self._receive(event)

    def _on_durable_event(self, loop: asyncio.AbstractEventLoop, handler: HandlerSubscription, event: Event) -> None:
        """Runs in the follower's thread. Raises HandlerFailed."""
        if (error := run_in_loop(loop, self._call_handler(event, handler))) is not None:
            raise HandlerFailed(f"{type(error).__name__}: {error}") from error


def run_in_loop(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Result]) -> Result:
    """Run the work in the event loop of another thread, and wait for its result. Raises LoopEnded."""
    if loop.is_closed():
        work.close()
        raise LoopEnded
    working = asyncio.run_coroutine_threadsafe(work, loop)
    while True:
        try:
            return working.result(CHECK_LOOP_EVERY_S)
        except FutureCancelled:
            raise LoopEnded from None
        except TimeoutError:
            if working.done() or loop.is_closed():
                raise LoopEnded from None
