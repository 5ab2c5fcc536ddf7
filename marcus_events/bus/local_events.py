"""Publish and subscribe within one process: subscriptions, the calls of their handlers, and the newest events.

`bus.events.Events` adds to it what needs a persistence: storing, a shared log, and reading earlier events.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar
from weakref import WeakMethod

from marcus_events.bus.background import BackgroundTasks, WhenFull
from marcus_events.bus.dispatch import Dispatcher
from marcus_events.bus.event_calls import EventCalls
from marcus_events.bus.handler_metrics import AllHandlerStats, TypeCounts
from marcus_events.bus.streams import CollectedEvents, Stream, push_if_alive
from marcus_events.bus.subscribers import Handler, HandlerSubscription, handler_name, remove_handler
from marcus_events.core.causation import with_causation
from marcus_events.core.event import Event, utc_now
from marcus_events.core.predicates import Where, as_patterns, combine

AnyHandler = TypeVar("AnyHandler", bound=Handler)


class LocalEvents:
    """Subscriptions, and the events of this process. `subscribers` and `history` are as Marcus documents them."""

    def __init__(
        self,
        *,
        store_history: bool,
        history_limit: int,
        handler_timeout: float | None,
        max_in_flight: int,
        when_full: WhenFull,
    ) -> None:
        self.subscribers: dict[str, list[Handler]] = defaultdict(list)
        self.store_history = store_history
        self.history: list[Event] = []
        self._event_counter = 0
        self._history_limit = history_limit
        self._handler_timeout = handler_timeout
        self._recent: deque[Event] = deque(maxlen=history_limit)  # also those that other processes published
        self._stats, self._types = AllHandlerStats(), TypeCounts()
        self._dispatcher = Dispatcher()
        self._background = BackgroundTasks(max_in_flight, when_full)

    def subscribe(
        self,
        event_type: str | Sequence[str],
        handler: Handler,
        *,
        where: Where | None = None,
        board: str | None = None,
        timeout: float | None = None,
        in_thread: bool = False,
    ) -> HandlerSubscription:
        """Call `handler` with every event of these types from now on."""
        subscription = self._subscription_of(event_type, handler, where, board, timeout, in_thread)
        for pattern in subscription.patterns:
            self.subscribers.setdefault(pattern, []).append(subscription)
        return subscription

    def on(self, event_type: str | Sequence[str], **options: Any) -> Callable[[AnyHandler], AnyHandler]:
        """`subscribe` as a decorator: `@events.on("task_blocked", board="proj_123")`."""

        def subscribe(handler: AnyHandler) -> AnyHandler:
            self.subscribe(event_type, handler, **options)
            return handler

        return subscribe

    def unsubscribe(self, event_type: str | Sequence[str], handler: Handler) -> None:
        """Undo `subscribe`; does nothing if the handler was not subscribed."""
        for pattern in as_patterns(event_type):
            remove_handler(self.subscribers, pattern, handler)

    def stream(
        self, event_type: str | Sequence[str] = "*", *, where: Where | None = None, board: str | None = None
    ) -> Stream:
        """The events from now on, to iterate over: `async for event in events.stream("task_*")`."""
        stream = Stream(str(event_type))
        push = partial(push_if_alive, WeakMethod(stream.push))
        subscription = self.subscribe(event_type, push, where=where, board=board)
        return stream.on_close(partial(self._remove, subscription))

    @asynccontextmanager
    async def collect(
        self, event_type: str | Sequence[str] = "*", *, where: Where | None = None, board: str | None = None
    ) -> AsyncIterator[CollectedEvents]:
        """The list of the events that are published within the block; for tests."""
        collected = CollectedEvents()
        subscription = self.subscribe(event_type, collected.add, where=where, board=board)
        try:
            yield collected
        finally:
            self._remove(subscription)

    def clear_history(self) -> None:
        """Forget the events in memory; persistence keeps its own."""
        self.history.clear()
        self._recent.clear()

    def _create_event(
        self, event_type: str, source: str, data: dict[str, Any], metadata: dict[str, Any] | None = None
    ) -> Event:
        """Create an event of this moment, and add it to the counts and the history."""
        self._event_counter += 1
        now = utc_now()
        seconds = now.timestamp()
        event = Event(f"evt_{self._event_counter}_{seconds}", now, event_type, source, data, with_causation(metadata))
        self._types.add(event_type, seconds)
        self._recent.append(event)
        if self.store_history:
            self.history.append(event)
            del self.history[: -self._history_limit]
        return event

    def _call_handlers(self, event: Event, handlers: Iterable[Handler]) -> EventCalls | None:
        """Call the handlers; return the calls that have not ended."""
        return self._dispatcher.start(event, self._as_subscriptions(handlers))

    async def _call_in_background(self, event: Event, handlers: Iterable[Handler]) -> None:
        """Let the handlers run in the background."""
        subscriptions = self._as_subscriptions(handlers)
        await self._background.start(partial(self._dispatcher.dispatch, event, subscriptions))

    def _subscription_of(
        self,
        event_type: str | Sequence[str],
        handler: Handler,
        where: Where | None = None,
        board: str | None = None,
        timeout: float | None = None,
        in_thread: bool = False,
    ) -> HandlerSubscription:
        patterns = as_patterns(event_type)
        return HandlerSubscription(
            patterns,
            handler,
            self._stats.row(",".join(patterns), handler_name(handler)),
            matches=combine(where, board),
            timeout_s=self._handler_timeout if timeout is None else timeout,
            in_thread=in_thread,
        )

    def _as_subscriptions(self, handlers: Iterable[Handler]) -> list[HandlerSubscription]:
        """The subscriptions; with the default options for functions that were put into `subscribers`."""
        return [
            handler if isinstance(handler, HandlerSubscription) else self._subscription_of("*", handler)
            for handler in handlers
        ]

    def _remove(self, subscription: HandlerSubscription) -> None:
        for pattern in subscription.patterns:
            remove_handler(self.subscribers, pattern, subscription)
