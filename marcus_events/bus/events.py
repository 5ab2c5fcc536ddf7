"""`Events`: publish and subscribe, as Marcus documents it, and beyond.

What it promises: publishing never fails for a handler or for a place that keeps events; no handler is hurt by another
one; nothing is dropped without being counted; and memory stays where it is. docs/events.md says how, with examples.

One event loop uses an `Events`. The threads that it has of its own only hand over to that loop.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from weakref import WeakMethod

from marcus_events.bus.background import Background, WhenFull
from marcus_events.bus.batching import Batcher
from marcus_events.bus.delivery import TIMEOUT_S as STORE_TIMEOUT_S
from marcus_events.bus.delivery import Storing
from marcus_events.bus.dispatch import Calls
from marcus_events.bus.handler_metrics import AllHandlerStats, TypeCounts
from marcus_events.bus.history import first_after, history, trace_of
from marcus_events.bus.log_bridge import Sharing
from marcus_events.bus.persistence import DurablyWanted, Persistence, SharedLog
from marcus_events.bus.spool import Spool
from marcus_events.bus.storage_policies import Policies, Policy
from marcus_events.bus.streams import Seen, Stream
from marcus_events.bus.subscribers import Handler, HandlerSubscription, Subscribers, name_of
from marcus_events.core.causal_tree import Trace
from marcus_events.core.causation import traced
from marcus_events.core.event import Event, utc_now
from marcus_events.core.predicates import Where, as_patterns, condition, matcher, names_of

logger = logging.getLogger(__name__)

HISTORY_LIMIT = 1_000  # events kept in memory, the newest ones
HANDLER_TIMEOUT_S = 30.0  # a handler that takes longer is stuck, or does what belongs into a queue
MAX_IN_FLIGHT = 1_000  # events whose handlers nobody waits for
READY_WITHIN_S = 5.0  # for the log to be followed; while it is away, what is published here is heard all the same
DRAIN_WITHIN_S = 10.0

AnyHandler = TypeVar("AnyHandler", bound=Handler)
ToPublish = tuple[str, str, dict[str, Any]] | tuple[str, str, dict[str, Any], dict[str, Any] | None]


class Events:
    """Distributes events to the handlers that subscribed to their type.

    `persistence` keeps events, see `bus.persistence`. `spool` is the file for what it cannot take; without one, memory
    is, and a temporary file. `store_timeout` is how long a publisher waits for persistence, `handler_timeout`
    how long for a handler, both in seconds, None for no limit. `max_in_flight` events may be handled without anyone
    waiting; `when_full` says whether `publish_nowait` then waits, or sheds (and counts).
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
        self.subscribers: dict[str, list[Handler]] = Subscribers()
        self.store_history = store_history
        self.history: list[Event] = []
        self.persistence = persistence
        self.policies = Policies(policies)
        self._event_counter = 0
        self._history_limit = history_limit
        self._handler_timeout = handler_timeout
        self._recent: deque[Event] = deque(maxlen=history_limit)  # also what others published; to look back to
        self._stats, self._types = AllHandlerStats(), TypeCounts()
        self._calls = Calls()
        self._background = Background(max_in_flight, when_full)
        on_disk = Path(spool) if isinstance(spool, str) else spool
        self._storing = Storing(lambda: self.persistence, spool=on_disk, timeout_s=store_timeout)
        self._batcher = Batcher(self._storing.store)
        self._sharing = Sharing(self._take)
        self._heard: Persistence | None = None  # what was last looked at, whether it can be followed
        self._durable: list[tuple[DurablyWanted, HandlerSubscription]] = []  # not yet begun

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
        """Call `handler` with every event of a type from now on; `*` in it stands for any text, and it may be several.

        `where` and `board` choose among them (see `core.wanted`). `timeout` replaces `handler_timeout`. `in_thread`
        calls a function that blocks in a thread. `durable` names the subscription: the log remembers how far it has
        come, and it begins `after` a position, or now. Raises ValueError where there is no log to remember it.
        """
        patterns = as_patterns(event_type)
        subscription = HandlerSubscription(
            patterns,
            handler,
            self._stats.row(",".join(patterns), name_of(handler)),
            matches=condition(where, board),
            timeout_s=self._handler_timeout if timeout is None else timeout,
            in_thread=in_thread,
        )
        if durable is None:
            for pattern in patterns:
                self.subscribers[pattern].append(subscription)
        else:
            self._want_durably(DurablyWanted(durable, patterns, matcher(patterns, where, board), after), subscription)
        self._begin_hearing()
        return subscription

    def on(self, event_type: str | Sequence[str], **options: Any) -> Callable[[AnyHandler], AnyHandler]:
        """`subscribe` as a decorator: `@events.on("task_blocked", board="proj_123")`."""

        def subscribe(handler: AnyHandler) -> AnyHandler:
            self.subscribe(event_type, handler, **options)
            return handler

        return subscribe

    def unsubscribe(self, event_type: str | Sequence[str], handler: Handler) -> None:
        """Undo `subscribe`; nothing happens where the handler was not subscribed."""
        for pattern in as_patterns(event_type):
            self._table.discard(pattern, handler)

    async def stop_durable(self, name: str) -> None:
        """End a durable subscription in this process. The log still knows how far it has come."""
        self._durable = [(wanted, subscription) for wanted, subscription in self._durable if wanted.name != name]
        await self._sharing.stop(name)

    # Publishing

    async def publish(
        self,
        event_type: str,
        source: str,
        data: dict[str, Any],
        metadata: dict[str, Any] | None = None,
        wait_for_handlers: bool = True,
    ) -> Event:
        """Publish an event: remember it, store it, hand it to its subscribers, and return it.

        With `wait_for_handlers=False` the handlers run on their own and this returns at once.
        """
        event = self._make(event_type, source, data, metadata)
        if self.persistence is not None:
            await self._keep(event)
        if found := self._table.of(event_type):
            await self._distribute(event, found, wait_for_handlers)
        return event

    async def publish_nowait(
        self, event_type: str, source: str, data: dict[str, Any], metadata: dict[str, Any] | None = None
    ) -> Event:
        """Publish without waiting for the handlers."""
        return await self.publish(event_type, source, data, metadata, wait_for_handlers=False)

    async def publish_batch(self, items: Sequence[ToPublish], wait_for_handlers: bool = True) -> list[Event]:
        """Publish (type, source, data) or (type, source, data, metadata) each: one commit, then handlers in order."""
        events = [self._make(*item) for item in items]
        durable = [event for event in events if self.policies.of(event.event_type) == "durable"]
        if durable and self.persistence is not None:
            await self._storing.store(durable)
        for event in events:
            if self.policies.of(event.event_type) != "durable":
                await self._keep(event)
            await self._distribute(event, self._table.of(event.event_type), wait_for_handlers)
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

        `after` an event means the first one that followed it, also when that was before this call.
        """
        arrived: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        subscription = self.subscribe(event_type, partial(set_once, arrived), where=where, board=board)
        try:
            async with asyncio.timeout(timeout):
                if after is not None and (found := await self._look_back(after, event_type, where, board)):
                    return found
                return await arrived
        except TimeoutError:
            return None
        finally:
            self._drop(subscription)

    def stream(
        self, event_type: str | Sequence[str] = "*", *, where: Where | None = None, board: str | None = None
    ) -> Stream:
        """Events from now on, to iterate over: `async for event in events.stream("task_*")`."""
        stream = Stream(str(event_type))
        hear = partial(hear_if_alive, WeakMethod(stream.hear))
        return stream.at_end(partial(self._drop, self.subscribe(event_type, hear, where=where, board=board)))

    @asynccontextmanager
    async def collect(
        self, event_type: str | Sequence[str] = "*", *, where: Where | None = None, board: str | None = None
    ) -> AsyncIterator[Seen]:
        """The list of what is published within the block; for tests."""
        seen = Seen()
        subscription = self.subscribe(event_type, seen.hear, where=where, board=board)
        try:
            yield seen
        finally:
            self._drop(subscription)

    async def get_history(
        self, event_type: str | None = None, source: str | None = None, limit: int = 100
    ) -> list[Event]:
        """The newest events, oldest first: from persistence, or from memory where there is none or it fails."""
        return await history(self.persistence, self.history, event_type, source, limit)

    def clear_history(self) -> None:
        """Forget the events in memory; persistence keeps its own."""
        self.history.clear()
        self._recent.clear()

    async def trace(self, event: Event) -> Trace:
        """What this event belongs to: from the event that everything began with, what led to what."""
        return await trace_of(event, self.persistence, self._recent)

    def metrics(self) -> dict[str, Any]:
        """What was published, what handlers did with it, and what became of it; see docs/events.md."""
        return {
            "handlers": self._stats.as_list(),
            "types": self._types.as_dict(),
            "in_flight": len(self._background),
            "shed": self._background.shed,
            "batched": len(self._batcher),
            "storing": self._storing.metrics(),
        }

    # Beginning and end

    async def start(self) -> Self:
        """Begin to hear what other processes publish, and return when nothing of it is missed any more.

        The first subscription or publication in a running loop begins it too.
        """
        self._begin_hearing()
        await self._sharing.wait_ready(READY_WITHIN_S)
        return self

    async def aclose(self, timeout: float | None = DRAIN_WITHIN_S) -> None:
        """Let handlers finish, store what waits, and end what was begun. What cannot be stored stays in the spool."""
        await self._sharing.close()
        if not await self._background.drain(timeout):
            logger.warning("%d events are still being handled; they are left behind", len(self._background))
        await self._batcher.flush()
        await self._storing.aclose()
        if isinstance(self.persistence, SharedLog):
            await self.persistence.flush_live()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.aclose()

    # Within

    @property
    def _table(self) -> Subscribers:
        """The subscribers as we know them, though somebody may have put another dict into their place."""
        if not isinstance(self.subscribers, Subscribers):
            table = Subscribers()
            table.update(self.subscribers)
            self.subscribers = table
        return self.subscribers

    def _make(
        self, event_type: str, source: str, data: dict[str, Any], metadata: dict[str, Any] | None = None
    ) -> Event:
        self._event_counter += 1
        now = utc_now()
        seconds = now.timestamp()
        event = Event(f"evt_{self._event_counter}_{seconds}", now, event_type, source, data, traced(metadata))
        self._types.add(event_type, seconds)
        self._recent.append(event)
        if self.store_history:
            self.history.append(event)
            del self.history[: -self._history_limit]
        if self.persistence is not None:
            self._begin_hearing()
            self._sharing.is_own(event)
        return event

    async def _keep(self, event: Event) -> None:
        if self.persistence is None:
            return
        policy = self.policies.of(event.event_type)
        if policy == "durable":
            await self._storing.store([event])
        elif policy == "batched":
            await self._batcher.add(event)
        elif isinstance(self.persistence, SharedLog):
            await self._storing.send_live(self.persistence, event)

    async def _distribute(self, event: Event, found: list[Handler], wait: bool) -> None:
        subscriptions = [self._as_subscription(entry) for entry in found]
        if wait:
            await self._calls.deliver(event, subscriptions)
        elif subscriptions:
            await self._background.begin(partial(self._calls.deliver, event, subscriptions))

    def _as_subscription(self, entry: Handler) -> HandlerSubscription:
        """What somebody put into the lists by hand is treated like what was subscribed."""
        if isinstance(entry, HandlerSubscription):
            return entry
        return HandlerSubscription(("*",), entry, self._stats.row("*", name_of(entry)), timeout_s=self._handler_timeout)

    async def _take(self, event: Event) -> None:
        """An event that another process published: its name in the log counts, and the one its producer used."""
        self._recent.append(event)
        found = [entry for name in names_of(event) for entry in self._table.of(name)]
        if found:
            unique = list({id(entry): self._as_subscription(entry) for entry in found}.values())
            await self._background.begin(partial(self._calls.deliver, event, unique))

    def _want_durably(self, wanted: DurablyWanted, subscription: HandlerSubscription) -> None:
        if not isinstance(self.persistence, SharedLog):
            raise ValueError(
                "a durable subscription needs a log that remembers it: Events(persistence=LogPersistence())"
            )
        self._durable.append((wanted, subscription))
        self._heard = None

    def _begin_hearing(self) -> None:
        """Follow the log, where there is one and somebody here wants to hear of it; without a loop, later."""
        if self._heard is self.persistence or not (self.subscribers or self._durable):
            return
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return
        self._heard = self.persistence
        if isinstance(self.persistence, SharedLog):
            self._sharing.follow(self.persistence)
            for wanted, subscription in self._durable:
                take = partial(self._calls.call, subscription=subscription)
                self._sharing.follow_durably(self.persistence, wanted, take)
            self._durable.clear()

    async def _look_back(
        self, after: Event, event_type: str | Sequence[str], where: Where | None, board: str | None
    ) -> Event | None:
        if self._sharing.is_following:
            await self._sharing.wait_ready(READY_WITHIN_S)
        return await first_after(after, matcher(event_type, where, board), self._recent, self.persistence)

    def _drop(self, subscription: HandlerSubscription) -> None:
        for pattern in subscription.patterns:
            self._table.discard(pattern, subscription)


def set_once(future: asyncio.Future[Event], event: Event) -> None:
    if not future.done():
        future.set_result(event)


def hear_if_alive(method: WeakMethod[Callable[[Event], None]], event: Event) -> None:
    if (hear := method()) is not None:
        hear(event)
