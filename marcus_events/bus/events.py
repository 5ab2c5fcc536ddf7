"""`Events`: publish and subscribe, as Marcus documents it, with storing and a shared log behind it.

Publishing never fails because of a handler or a persistence. No handler can harm another one. No event is dropped
without being counted, and memory is bounded. docs/events.md explains each promise, with examples.

An `Events` is used from one event loop. Its own threads only hand work over to that loop.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from marcus_events.bus.background import WhenFull
from marcus_events.bus.batching import Batcher
from marcus_events.bus.delivery import Delivery
from marcus_events.bus.history import first_after, newest_events, trace_of
from marcus_events.bus.local_events import LocalEvents
from marcus_events.bus.log_bridge import LogBridge
from marcus_events.bus.persistence import DurableSubscription, Persistence, SharedLog
from marcus_events.bus.spool import Spool
from marcus_events.bus.storage_policies import Policies, Policy
from marcus_events.bus.store_attempts import STORE_TIMEOUT_S
from marcus_events.bus.subscribers import Handler, HandlerSubscription, handlers_of
from marcus_events.core.causal_tree import Trace
from marcus_events.core.event import Event
from marcus_events.core.predicates import Where, matcher, names_of

logger = logging.getLogger(__name__)

HISTORY_LIMIT = 1_000  # the newest events, in memory
HANDLER_TIMEOUT_S = 30.0  # a handler that takes longer hangs, or does work that belongs in a queue
MAX_IN_FLIGHT = 1_000  # events whose handlers run in the background
READY_TIMEOUT_S = 5.0  # for following the log; while it is away, what is published here is dispatched all the same
DRAIN_TIMEOUT_S = 10.0

EventToPublish = tuple[str, str, dict[str, Any]] | tuple[str, str, dict[str, Any], dict[str, Any] | None]


class Events(LocalEvents):
    """Distributes events to the handlers that subscribed to their type.

    `persistence` stores events, see `bus.persistence`. `spool` is the file for events that it cannot take at present;
    without one, memory and a temporary file hold them. `store_timeout` is how long a publisher waits for persistence,
    and `handler_timeout` how long for a handler, both in seconds, None for no limit. `max_in_flight` events may be
    handled in the background; `when_full` says whether `publish_nowait` then waits, or sheds the event and counts it.
    """

    def __init__(
        self,
        store_history: bool = False,
        persistence: Persistence | None = None,
        *,
        history_limit: int = HISTORY_LIMIT,
        handler_timeout: float | None = HANDLER_TIMEOUT_S,
        max_in_flight: int = MAX_IN_FLIGHT,
        when_full: WhenFull = "wait",
        policies: Mapping[str, Policy] | None = None,
        spool: Spool | Path | str | None = None,
        store_timeout: float = STORE_TIMEOUT_S,
    ) -> None:
        super().__init__(
            store_history=store_history,
            history_limit=history_limit,
            handler_timeout=handler_timeout,
            max_in_flight=max_in_flight,
            when_full=when_full,
        )
        self.persistence = persistence
        self.policies = Policies(policies)
        spool_file = Path(spool) if isinstance(spool, str) else spool
        self._delivery = Delivery(lambda: self.persistence, spool=spool_file, timeout_s=store_timeout)
        self._batcher = Batcher(self._delivery.store)
        self._log_bridge = LogBridge(self._receive, self._dispatcher.call)

    # Subscribing

    def subscribe(
        self,
        event_type: str | Sequence[str],
        handler: Handler,
        *,
        where: Where | None = None,
        board: str | None = None,
        timeout: float | None = None,
        in_thread: bool = False,
        durable: str | None = None,
        after: int | None = None,
    ) -> HandlerSubscription:
        """Call `handler` with every event of these types from now on; in a type, `*` stands for any text.

        `where` and `board` select among the events (see `core.predicates`). `timeout` replaces `handler_timeout`.
        `in_thread` calls a blocking function in a thread. `durable` names the subscription: the log remembers its
        position, and it begins `after` a position, or now. Raises ValueError if there is no log to remember it.
        """
        if durable is None:
            subscription = super().subscribe(
                event_type, handler, where=where, board=board, timeout=timeout, in_thread=in_thread
            )
        elif isinstance(self.persistence, SharedLog):
            subscription = self._subscription_of(event_type, handler, where, board, timeout, in_thread)
            matches = matcher(event_type, where, board)
            durable_subscription = DurableSubscription(durable, subscription.patterns, matches, after)
            self._log_bridge.add_durable(durable_subscription, subscription)
        else:
            raise ValueError("a durable subscription needs a log to remember it: Events(persistence=LogPersistence())")
        self._connect_to_log()
        return subscription

    async def stop_durable(self, name: str) -> None:
        """End a durable subscription in this process. The log still knows its position."""
        await self._log_bridge.stop_durable(name)

    # Publishing

    async def publish(
        self,
        event_type: str,
        source: str,
        data: dict[str, Any],
        metadata: dict[str, Any] | None = None,
        wait_for_handlers: bool = True,
    ) -> Event:
        """Publish an event: add it to the history, store it, call its handlers, and return it.

        With `wait_for_handlers=False` the handlers run in the background.
        """
        event = self._create_event(event_type, source, data, metadata)
        if self.persistence is not None:
            self._expect_from_log([event])
            await self._store(event)
        if handlers := handlers_of(self.subscribers, event_type):
            if not wait_for_handlers:
                await self._call_in_background(event, handlers)
            elif calls := self._call_handlers(event, handlers):
                await calls.wait()
        return event

    async def publish_nowait(
        self, event_type: str, source: str, data: dict[str, Any], metadata: dict[str, Any] | None = None
    ) -> Event:
        """Publish without waiting for the handlers."""
        return await self.publish(event_type, source, data, metadata, wait_for_handlers=False)

    async def publish_batch(self, items: Sequence[EventToPublish], wait_for_handlers: bool = True) -> list[Event]:
        """Publish (type, source, data) or (type, source, data, metadata) each: one commit, then handlers in order."""
        events = [self._create_event(*item) for item in items]
        self._expect_from_log(events)
        await self._delivery.store([event for event in events if self.policies.of(event.event_type) == "durable"])
        for event in events:
            if self.policies.of(event.event_type) != "durable":
                await self._store(event)
            if handlers := handlers_of(self.subscribers, event.event_type):
                if not wait_for_handlers:
                    await self._call_in_background(event, handlers)
                elif calls := self._call_handlers(event, handlers):
                    await calls.wait()
        return events

    # Reading

    async def wait_for_event(
        self,
        event_type: str | Sequence[str],
        timeout: float | None = None,
        *,
        after: Event | None = None,
        where: Where | None = None,
        board: str | None = None,
    ) -> Event | None:
        """The next event of a type, or None when `timeout` seconds have passed.

        `after` an event means the first one that followed it, even if that was before this call.
        """
        async with self.collect(event_type, where=where, board=board) as collected:
            try:
                async with asyncio.timeout(timeout):
                    if after is not None and (found := await self._first_after(after, event_type, where, board)):
                        return found
                    return (await collected.wait_for(1))[0]
            except TimeoutError:
                return None

    async def get_history(
        self, event_type: str | None = None, source: str | None = None, limit: int = 100
    ) -> list[Event]:
        """The newest events, oldest first: from persistence, or from memory if there is none or it fails."""
        return await newest_events(self.persistence, self.history, event_type, source, limit)

    async def trace(self, event: Event) -> Trace:
        """The causal tree of an event: from the event that started everything, what led to what."""
        return await trace_of(event, self.persistence, self._recent)

    def metrics(self) -> dict[str, Any]:
        """What was published, how handlers performed, and what became of the events; see docs/events.md."""
        return {
            "handlers": self._stats.as_list(),
            "types": self._types.as_dict(),
            "in_flight": len(self._background),
            "shed": self._background.shed,
            "batched": len(self._batcher),
            "storing": self._delivery.metrics(),
        }

    # Start and end

    async def start(self) -> Self:
        """Start to receive what other processes publish; return when nothing of it is missed any more.

        The first subscription or publication in a running event loop starts it too.
        """
        self._connect_to_log()
        await self._log_bridge.wait_ready(READY_TIMEOUT_S)
        return self

    async def aclose(self, timeout: float | None = DRAIN_TIMEOUT_S) -> None:
        """Let handlers finish, store what is pending, and stop. What cannot be stored stays in the spool."""
        await self._log_bridge.aclose()
        if not await self._background.drain(timeout):
            logger.warning("closed while %d events were still being handled", len(self._background))
        await self._batcher.flush()
        await self._delivery.aclose()
        if isinstance(self.persistence, SharedLog):
            await self.persistence.flush_live()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.aclose()

    # Internal

    def _expect_from_log(self, events: Sequence[Event]) -> None:
        """Ignore these events when the log returns them. Call it before they are stored."""
        if self.persistence is not None:
            self._connect_to_log()
            self._log_bridge.add_published(events)

    async def _store(self, event: Event) -> None:
        """Store the event as the policy of its type says."""
        policy = self.policies.of(event.event_type)
        if policy == "durable":
            await self._delivery.store([event])
        elif policy == "batched":
            await self._batcher.add(event)
        elif isinstance(self.persistence, SharedLog):
            await self._delivery.send_live(self.persistence, event)

    async def _receive(self, event: Event) -> None:
        """Dispatch an event of another process. Handlers may name its type in the log, or the one its producer used."""
        self._recent.append(event)
        found = {id(handler): handler for name in names_of(event) for handler in handlers_of(self.subscribers, name)}
        if found:
            await self._call_in_background(event, found.values())

    def _connect_to_log(self) -> None:
        self._log_bridge.connect(self.persistence, has_subscribers=bool(self.subscribers))

    async def _first_after(
        self, after: Event, event_type: str | Sequence[str], where: Where | None, board: str | None
    ) -> Event | None:
        if self._log_bridge.is_following:
            await self._log_bridge.wait_ready(READY_TIMEOUT_S)
        return await first_after(after, matcher(event_type, where, board), self._recent, self.persistence)
