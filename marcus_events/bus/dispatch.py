"""Calls handlers so that none of them can harm the publisher or another handler.

1. Handlers are started one by one, in their order, with the event as the cause of what they publish (`core.causation`).
2. A plain function has then finished. One that blocks can be run in a thread instead (`in_thread`).
3. An awaitable runs in a task of its own, so it may hang, be cancelled, or cancel its own task.
4. When its time limit is up, the call counts as failed and its task is cancelled. Nobody waits for it any longer, even
   if it ignores the cancellation.
5. Whatever a handler raises, including SystemExit, is counted and logged, and goes no further.
6. If the waiting publisher is cancelled, the calls continue.
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

SLOW_S = 0.5  # a plain function that takes longer blocks the event loop noticeably; this is logged once per handler


class HandlerTimeout(TimeoutError):
    """The handler did not finish within its time limit."""


class Dispatcher:
    """Calls the handlers of one `Events`."""

    def __init__(self) -> None:
        self.running = RunningCalls()
        self._reported_as_slow: set[str] = set()

    async def dispatch(self, event: Event, subscriptions: Iterable[HandlerSubscription]) -> None:
        """Call each handler; return when all calls have ended."""
        calls: list[HandlerCall] = []
        with caused_by(event):
            for subscription in subscriptions:
                try:
                    if (call := self._start(event, subscription)) is not None:
                        calls.append(call)
                except BaseException:  # noqa: S112 - it is counted and logged
                    continue
        if calls:
            await AllEnded(calls).future

    async def call(self, event: Event, subscription: HandlerSubscription) -> BaseException | None:
        """Call one handler; return its error, or None if it succeeded."""
        try:
            with caused_by(event):
                call = self._start(event, subscription)
        except BaseException as error:
            return error
        if call is None:
            return None
        await AllEnded([call]).future
        return call.error

    def _start(self, event: Event, subscription: HandlerSubscription) -> HandlerCall | None:
        """Steps 1 to 3; None when there is nothing to wait for. Raises what the handler raised, counted and logged."""
        if subscription.matches is not None and not is_match(subscription, event):
            return None
        stats = subscription.stats
        stats.in_flight += 1
        began = time.perf_counter()
        try:
            result = run_in_thread(subscription, event) if subscription.in_thread else subscription.handler(event)
            is_awaitable = result is not None and inspect.isawaitable(result)
        except BaseException as error:
            stats.ended(began, error)
            log_failure(subscription, event, error)
            raise
        if is_awaitable:
            return HandlerCall(self.running, subscription, event, began, result)
        if stats.ended(began) > SLOW_S:
            self._report_slow(subscription.stats.handler)
        return None

    def _report_slow(self, handler: str) -> None:
        if handler not in self._reported_as_slow:
            self._reported_as_slow.add(handler)
            text = "handler %s held up the event loop; subscribe it with in_thread=True, or make it asynchronous"
            logger.warning(text, handler)


def is_match(subscription: HandlerSubscription, event: Event) -> bool:
    """Whether the subscription's condition holds. A condition that raises is an error of the handler, and means no."""
    try:
        return bool(subscription.matches is None or subscription.matches(event))
    except BaseException as error:
        subscription.stats.in_flight += 1
        subscription.stats.ended(time.perf_counter(), error)
        log_failure(subscription, event, error)
        return False


async def run_in_thread(subscription: HandlerSubscription, event: Event) -> None:
    result = await asyncio.to_thread(subscription.handler, event)
    if inspect.isawaitable(result):
        await result


class HandlerCall:
    """The call of one asynchronous handler, in a task.

    A call ends once: when its task finishes, or before that when its time limit is up. What the task does after the
    limit changes nothing; it is only held until it finishes.
    """

    __slots__ = ("all_ended", "began", "error", "event", "has_ended", "limit_s", "running", "subscription", "task")

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
        self.has_ended = False
        self.error: BaseException | None = None
        self.all_ended: AllEnded | None = None
        self.running = running
        loop = asyncio.get_running_loop()
        self.task = loop.create_task(self._run(awaitable))
        running.add(self, loop)

    async def _run(self, awaitable: Awaitable[Any]) -> None:
        try:
            await awaitable
        except BaseException as error:  # also a cancellation: this task belongs to the handler and ends here
            self._end(error)
        else:
            self._end(None)
        self.running.discard(self)

    def expire(self) -> None:
        """End the call because its time limit is up."""
        if self.has_ended:
            return
        self.subscription.stats.timeouts += 1
        self._end(HandlerTimeout(f"not finished after {self.limit_s:g} s"))
        self.task.add_done_callback(lambda _: self.running.discard(self))  # `_run` may never have started
        self.task.cancel()

    def _end(self, error: BaseException | None) -> None:
        if self.has_ended:
            return
        self.has_ended, self.error = True, error
        self.subscription.stats.ended(self.began, error)
        if error is not None:
            log_failure(self.subscription, self.event, error)
        if self.all_ended is not None:
            self.all_ended.count_one()


class AllEnded:
    """A future that completes when all calls of an event have ended."""

    __slots__ = ("future", "remaining")

    def __init__(self, calls: list[HandlerCall]) -> None:
        self.future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.remaining = len(calls)
        for call in calls:
            call.all_ended = self

    def count_one(self) -> None:
        self.remaining -= 1
        if self.remaining == 0 and not self.future.done():
            self.future.set_result(None)


def log_failure(subscription: HandlerSubscription, event: Event, error: BaseException) -> None:
    failure = (type(error), error, error.__traceback__)
    logger.error("handler %s failed on event %s", subscription.stats.handler, event.event_id, exc_info=failure)
