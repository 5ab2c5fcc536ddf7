"""Calling handlers, so that none of them can hurt the publisher or another one.

1. A handler is called within the event that it handles (`core.tracing`), one by one in their order.
2. A plain function has then done its work. One that blocks can be called in a thread instead (`in_thread`).
3. What can be awaited runs in a task of its own: it may hang, be cancelled, or cancel its own task.
4. When its time is up its call counts as failed, the task is cancelled and no longer waited for, even if it goes on.
5. Whatever a handler raises, down to SystemExit, is counted and logged, and goes no further.
6. The publisher that waits may give up: the calls go on.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import Awaitable, Iterable
from typing import Any

from marcus_events.bus.subscribers import HandlerSubscription
from marcus_events.bus.timeouts import RunningCalls
from marcus_events.core.causation import caused_by
from marcus_events.core.event import Event

logger = logging.getLogger(__name__)

SLOW_S = 0.5  # a plain function that takes longer holds up everything else in the loop, and is told of once


class HandlerTimeout(TimeoutError):
    """The handler did not finish in its time."""


class Calls:
    """The calls of handlers for events of one Events."""

    def __init__(self) -> None:
        self.running = RunningCalls()
        self._told_slow: set[str] = set()

    async def deliver(self, event: Event, subscriptions: Iterable[HandlerSubscription]) -> None:
        """Call each; return when all have finished or run out of time."""
        if calls := self._begin(event, subscriptions):
            await Finished(calls).future

    async def call(self, event: Event, subscription: HandlerSubscription) -> BaseException | None:
        """Call one; return what it failed with."""
        failures: list[BaseException] = []
        if calls := self._begin(event, [subscription], failures):
            await Finished(calls).future
            return calls[0].error
        return failures[0] if failures else None

    def _begin(
        self, event: Event, subscriptions: Iterable[HandlerSubscription], failures: list[BaseException] | None = None
    ) -> list[HandlerCall]:
        begun: list[HandlerCall] = []
        with caused_by(event):
            for subscription in subscriptions:
                try:
                    if (call := self._begin_one(event, subscription)) is not None:
                        begun.append(call)
                except BaseException as error:
                    if failures is not None:
                        failures.append(error)
        return begun

    def _begin_one(self, event: Event, subscription: HandlerSubscription) -> HandlerCall | None:
        """Steps 1 to 3. Raises what the handler raised, once that is counted and logged."""
        if subscription.matches is not None and not wants(subscription, event):
            return None
        stats = subscription.stats
        stats.in_flight += 1
        began = time.perf_counter()
        try:
            result = in_thread(subscription, event) if subscription.in_thread else subscription.handler(event)
            can_wait = result is not None and inspect.isawaitable(result)
        except BaseException as error:
            stats.ended(began, error)
            tell(subscription, event, error)
            raise
        if can_wait:
            return HandlerCall(self.running, subscription, event, began, result)
        stats.ended(began)
        if time.perf_counter() - began > SLOW_S:
            self._tell_slow(subscription)
        return None

    def _tell_slow(self, subscription: HandlerSubscription) -> None:
        if subscription.stats.handler not in self._told_slow:
            self._told_slow.add(subscription.stats.handler)
            text = "handler %s held up the event loop; subscribe it with in_thread=True, or make it asynchronous"
            logger.warning(text, subscription.stats.handler)


def wants(subscription: HandlerSubscription, event: Event) -> bool:
    """A condition that raises says no, and why: it is part of the handler."""
    try:
        return bool(subscription.matches is None or subscription.matches(event))
    except BaseException as error:
        subscription.stats.in_flight += 1
        subscription.stats.ended(time.perf_counter(), error)
        tell(subscription, event, error)
        return False


async def in_thread(subscription: HandlerSubscription, event: Event) -> None:
    result = await asyncio.to_thread(subscription.handler, event)
    if inspect.isawaitable(result):
        await result


class HandlerCall:
    """Steps 3 to 5, of one handler that is awaited."""

    __slots__ = ("began", "error", "event", "finished", "limit_s", "running", "subscription", "task")

    def __init__(
        self,
        running: RunningCalls,
        subscription: HandlerSubscription,
        event: Event,
        began: float,
        awaitable: Awaitable[Any],
    ) -> None:
        self.subscription = subscription
        self.limit_s = subscription.timeout_s
        self.event = event
        self.began = began
        self.error: BaseException | None = None
        self.finished: Finished | None = None
        self.running = running
        self.task = asyncio.get_running_loop().create_task(self._run(awaitable))
        running.add(self)

    async def _run(self, awaitable: Awaitable[Any]) -> None:
        try:
            await awaitable
        except BaseException as error:  # also a cancellation: this task is the handler's, and ends here
            self._end(error)
        else:
            self._end(None)
        self.running.discard(self)

    def expire(self) -> None:
        if self.began < 0:
            return
        self.subscription.stats.timeouts += 1
        self._end(HandlerTimeout(f"not finished after {self.limit_s:g} s"))
        self.task.add_done_callback(lambda _: self.running.discard(self))  # it may never have begun
        self.task.cancel()

    def _end(self, error: BaseException | None) -> None:
        """Count it, once: what a task does after its time was up is not looked at."""
        if self.began < 0:
            return
        self.subscription.stats.ended(self.began, error)
        self.began, self.error = -1.0, error
        if error is not None:
            tell(self.subscription, self.event, error)
        if self.finished is not None:
            self.finished.arrive()


class Finished:
    """A future that is there when all calls of an event have ended."""

    __slots__ = ("future", "left")

    def __init__(self, calls: list[HandlerCall]) -> None:
        self.future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.left = len(calls)
        for call in calls:
            call.finished = self

    def arrive(self) -> None:
        self.left -= 1
        if self.left == 0 and not self.future.done():
            self.future.set_result(None)


def tell(subscription: HandlerSubscription, event: Event, error: BaseException) -> None:
    name = subscription.stats.handler
    failure = (type(error), error, error.__traceback__)
    logger.error("handler %s failed on event %s", name, event.event_id, exc_info=failure)
