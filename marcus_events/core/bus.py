"""Publish and subscribe within one process.

`Events` is the documented interface of Marcus's own class. One subscriber's failure never touches the publisher or
another subscriber, and publishing goes on when persistence fails: both are said in the log of the program.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from marcus_events.core.event import Event, utc_now

logger = logging.getLogger(__name__)

HISTORY_LIMIT = 1_000  # events kept in memory, the newest ones

Handler = Callable[[Event], Awaitable[None] | None]


class Persistence(Protocol):
    """What `Events` asks of a place that keeps events."""

    async def store_event(self, event: Event) -> None: ...

    async def get_events(
        self, event_type: str | None = None, source: str | None = None, limit: int = 100
    ) -> list[Event]: ...


class Events:
    """Distributes events to the handlers that subscribed to their type, or to `"*"` for all."""

    def __init__(self, store_history: bool = False, persistence: Persistence | None = None) -> None:
        self.subscribers: dict[str, list[Handler]] = {}
        self.store_history = store_history
        self.history: list[Event] = []
        self.persistence = persistence
        self._event_counter = 0
        self._running: set[asyncio.Task[None]] = set()

    def subscribe(self, event_type: str, handler: Handler) -> None:
        """Call `handler` with every event of a type from now on."""
        self.subscribers.setdefault(event_type, []).append(handler)

    def unsubscribe(self, event_type: str, handler: Handler) -> None:
        """Undo `subscribe`; nothing happens where the handler was not subscribed."""
        kept = [other for other in self.subscribers.get(event_type, []) if other != handler]
        if kept:
            self.subscribers[event_type] = kept
        else:
            self.subscribers.pop(event_type, None)

    async def publish(
        self,
        event_type: str,
        source: str,
        data: dict[str, Any],
        metadata: dict[str, Any] | None = None,
        wait_for_handlers: bool = True,
    ) -> Event:
        """Publish an event: remember it, persist it, hand it to its subscribers, and return it.

        With `wait_for_handlers=False` the handlers run on their own and this returns at once.
        """
        event = self._make(event_type, source, data, metadata)
        self._remember(event)
        await self._persist(event)
        delivery = self._deliver(event)
        if wait_for_handlers:
            await delivery
        else:
            self._run(delivery)
        return event

    async def publish_nowait(
        self, event_type: str, source: str, data: dict[str, Any], metadata: dict[str, Any] | None = None
    ) -> Event:
        """Publish without waiting for the handlers."""
        return await self.publish(event_type, source, data, metadata, wait_for_handlers=False)

    async def wait_for_event(self, event_type: str, timeout: float | None = None) -> Event | None:
        """The next event of a type, or None when `timeout` seconds have passed."""
        arrived: asyncio.Future[Event] = asyncio.get_running_loop().create_future()

        def capture(event: Event) -> None:
            if not arrived.done():
                arrived.set_result(event)

        self.subscribe(event_type, capture)
        try:
            return await asyncio.wait_for(arrived, timeout)
        except TimeoutError:
            return None
        finally:
            self.unsubscribe(event_type, capture)

    async def get_history(
        self, event_type: str | None = None, source: str | None = None, limit: int = 100
    ) -> list[Event]:
        """The newest events, oldest first: from persistence, or from memory where there is none or it fails."""
        if self.persistence is not None:
            try:
                return await self.persistence.get_events(event_type, source, limit)
            except Exception:
                logger.warning("persistence did not answer; history comes from memory", exc_info=True)
        wanted = [e for e in self.history if event_type in (None, e.event_type) and source in (None, e.source)]
        return wanted[-limit:] if limit > 0 else []

    def clear_history(self) -> None:
        """Forget the events in memory; persistence keeps its own."""
        self.history.clear()

    def _make(self, event_type: str, source: str, data: dict[str, Any], metadata: dict[str, Any] | None) -> Event:
        self._event_counter += 1
        now = utc_now()
        event_id = f"evt_{self._event_counter}_{now.timestamp()}"
        return Event(event_id, now, event_type, source, data, metadata or {})

    def _remember(self, event: Event) -> None:
        if self.store_history:
            self.history.append(event)
            del self.history[:-HISTORY_LIMIT]

    async def _persist(self, event: Event) -> None:
        if self.persistence is None:
            return
        try:
            await self.persistence.store_event(event)
        except Exception:
            logger.warning("event %s was published but not stored", event.event_id, exc_info=True)

    async def _deliver(self, event: Event) -> None:
        handlers = [*self.subscribers.get(event.event_type, []), *self.subscribers.get("*", [])]
        await asyncio.gather(*(call(handler, event) for handler in handlers))

    def _run(self, delivery: Any) -> None:
        """Hold the task until it is done: the event loop itself keeps only a weak reference."""
        task = asyncio.create_task(delivery)
        self._running.add(task)
        task.add_done_callback(self._running.discard)


async def call(handler: Handler, event: Event) -> None:
    """Call one handler; its failure is logged and goes no further, even if what it awaited was cancelled."""
    try:
        result = handler(event)
        if inspect.isawaitable(result):
            await result
    except (Exception, asyncio.CancelledError):
        if is_cancelled():
            raise
        logger.exception("handler %s failed on event %s", getattr(handler, "__name__", handler), event.event_id)


def is_cancelled() -> bool:
    """Whether somebody gave up the publishing itself, and not only what a handler waited for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
