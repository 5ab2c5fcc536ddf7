"""The calls of the asynchronous handlers of one event.

A call ends once: when its task finishes, or before that when its time limit is up. What the task does after the limit
changes nothing; it is only held until it finishes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Collection
from time import perf_counter
from typing import Any

from marcus_events.bus.subscribers import HandlerSubscription
from marcus_events.bus.timeouts import RunningCalls
from marcus_events.core.event import Event

logger = logging.getLogger(__name__)


OpenCall = tuple[asyncio.Task[None], HandlerSubscription, float, float | None]  # with when it began, and its limit


class HandlerTimeout(TimeoutError):
    """The handler did not finish within its time limit."""


class EventCalls:
    """Add all calls, then `wait` if there are any. `error` is the last one that a handler raised, or None."""

    __slots__ = ("_ended", "_open", "_running", "error", "event", "limits_s", "loop")

    def __init__(self, event: Event, running: RunningCalls[EventCalls]) -> None:
        self.event = event
        self.error: BaseException | None = None
        self.loop = asyncio.get_running_loop()
        self.limits_s: Collection[float | None] = ()  # of the calls that `running` holds
        self._running = running
        self._open: dict[int, OpenCall] = {}
        self._ended: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        """How many calls have not ended."""
        return len(self._open)

    def add(self, subscription: HandlerSubscription, awaitable: Awaitable[Any], began: float) -> None:
        """Await the awaitable in a task. `began` is in the time of `perf_counter`."""
        number = len(self._open)
        task = self.loop.create_task(self._run(number, awaitable), name=subscription.stats.handler)
        self._open[number] = (task, subscription, began, subscription.timeout_s)

    async def wait(self) -> None:
        """Return when all calls have ended. If the caller is cancelled, they continue.

        First every task runs once. Most handlers have ended then. Only the others are held, need a timer, and a future
        that says when they have ended.
        """
        try:
            await asyncio.sleep(0)
        finally:
            if self._open:
                self.limits_s = {limit_s for *_, limit_s in self._open.values()}
                self._running.add(self, elapsed_s=perf_counter() - max(began for *_, began, _ in self._open.values()))
        if self._open:
            self._ended = self.loop.create_future()
            await self._ended

    def expire(self, limit_s: float) -> None:
        """End the calls with this limit, because it is up."""
        for number in [number for number, call in self._open.items() if call[-1] == limit_s]:
            task, subscription, *_ = self._open[number]
            subscription.stats.timeouts += 1
            self._end(number, HandlerTimeout(f"not finished after {limit_s:g} s"))
            self._running.hold_until_done(task)
            task.cancel()

    async def _run(self, number: int, awaitable: Awaitable[Any]) -> None:
        try:
            await awaitable
        except BaseException as error:  # also a cancellation: this task belongs to the handler and ends here
            self._end(number, error)
        else:
            self._end(number, None)

    def _end(self, number: int, error: BaseException | None) -> None:
        if (call := self._open.pop(number, None)) is None:  # it expired before, and its task finishes only now
            self._running.release(asyncio.current_task())
            return
        _, subscription, began, _ = call
        subscription.stats.ended(began, error)
        if error is not None:
            self.error = error
            log_failure(subscription, self.event, error)
        if not self._open:
            self._running.discard(self)
            if self._ended is not None and not self._ended.done():  # the caller may have been cancelled
                self._ended.set_result(None)


def log_failure(subscription: HandlerSubscription, event: Event, error: BaseException) -> None:
    failure = (type(error), error, error.__traceback__)
    logger.error("handler %s failed on event %s", subscription.stats.handler, event.event_id, exc_info=failure)
