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
from collections.abc import Iterable
from time import perf_counter

from marcus_events.bus.event_calls import EventCalls, log_failure
from marcus_events.bus.subscribers import HandlerSubscription
from marcus_events.bus.timeouts import RunningCalls
from marcus_events.core.causation import handled_event
from marcus_events.core.event import Event

logger = logging.getLogger(__name__)

SLOW_S = 0.5  # a plain function that takes longer blocks the event loop noticeably; this is logged once per handler


class Dispatcher:
    """Calls the handlers of one `Events`."""

    def __init__(self) -> None:
        self.running: RunningCalls[EventCalls] = RunningCalls()
        self._reported_as_slow: set[str] = set()

    async def dispatch(self, event: Event, subscriptions: Iterable[HandlerSubscription]) -> None:
        """Call each handler; return when all calls have ended."""
        if calls := self.start(event, subscriptions):
            await calls.wait()

    async def call(self, event: Event, subscription: HandlerSubscription) -> BaseException | None:
        """Call one handler; return its error, or None if it succeeded."""
        calls = EventCalls(event, self.running)
        if self.start(event, [subscription], calls):
            await calls.wait()
        return calls.error

    def start(
        self, event: Event, subscriptions: Iterable[HandlerSubscription], calls: EventCalls | None = None
    ) -> EventCalls | None:
        """Call each handler; return the calls that have not ended, added to `calls`."""
        token = handled_event.set(event)
        try:
            for subscription in subscriptions:
                if subscription.matches is not None and not is_match(subscription, event):
                    continue
                stats = subscription.stats
                stats.in_flight += 1
                began = perf_counter()
                try:
                    result = (
                        run_in_thread(subscription, event) if subscription.in_thread else subscription.handler(event)
                    )
                    if result is not None and inspect.isawaitable(result):
                        if calls is None:
                            calls = EventCalls(event, self.running)
                        calls.add(subscription, result, began)
                        continue
                except BaseException as error:
                    stats.ended(began, error)
                    log_failure(subscription, event, error)
                    if calls is not None:
                        calls.error = error
                    continue
                if stats.ended(began) > SLOW_S:
                    self._report_slow(stats.handler)
        finally:
            handled_event.reset(token)
        return calls

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
        subscription.stats.ended(perf_counter(), error)
        log_failure(subscription, event, error)
        return False


async def run_in_thread(subscription: HandlerSubscription, event: Event) -> None:
    result = await asyncio.to_thread(subscription.handler, event)
    if inspect.isawaitable(result):
        await result
