"""Delivers events to persistence; one that fails, hangs or comes back affects neither publishers nor handlers.

1. While the circuit is closed, events are handed to persistence, each call in a task of its own and with a time limit.
   If persistence asks publishers to slow down, they wait before that, for a limited time (`store_attempts.keep_pace`).
2. If that fails or takes too long, the circuit opens. One warning gives the reason, and says where events are kept
   meanwhile. All other attempts that are running are given up, and their events are kept too.
3. While the circuit is open, events are added to the pending ones (`bus.pending`), at once and in their order. They are
   retried until all are stored and the circuit closes (`bus.circuit_breaker`).
4. An event that persistence rejects for good is counted and logged, and does not open the circuit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from marcus_events.bus.circuit_breaker import CircuitBreaker, DeliveryCounts
from marcus_events.bus.pending import MAX_IN_MEMORY, PendingEvents
from marcus_events.bus.persistence import Persistence, RejectedEvents, SharedLog
from marcus_events.bus.spool import Spool
from marcus_events.bus.store_attempts import (
    STORE_TIMEOUT_S,
    StoreAttempts,
    StoreError,
    StoreFailed,
    asks_to_slow_down,
    keep_pace,
    takes_in_one_call,
)
from marcus_events.core.event import Event

CLOSE_TIMEOUT_S = 5.0


class Delivery:
    """Stores events in what `persistence` returns at that time; None means that there is none."""

    def __init__(
        self,
        persistence: Callable[[], Persistence | None],
        *,
        spool: Path | Spool | None = None,
        timeout_s: float = STORE_TIMEOUT_S,
        max_in_memory: int = MAX_IN_MEMORY,
    ) -> None:
        """Raises SpoolBusy or SpoolFailed."""
        self._persistence = persistence
        self._pending = PendingEvents(Spool(spool) if isinstance(spool, Path) else spool, max_in_memory)
        self._counts = DeliveryCounts()
        self._attempts = StoreAttempts(timeout_s)
        self._circuit = CircuitBreaker(persistence, self._attempts, self._pending, self._counts)
        self._storing: set[asyncio.Task[None]] = set()

    async def store(self, events: Sequence[Event]) -> None:
        """Return when the events are stored, or pending. A caller that is cancelled does not cancel the storing."""
        persistence = self._persistence()
        if persistence is None or not events:
            return
        if self._circuit.is_open:
            self._circuit.hold(events)
            return
        if takes_in_one_call(persistence, events) and not asks_to_slow_down(persistence):
            await self._attempts.start(persistence, events, partial(self._settle, events)).waiter()
            return
        storing = asyncio.get_running_loop().create_task(self._store_slowly(persistence, events))
        self._storing.add(storing)
        storing.add_done_callback(self._storing.discard)
        await asyncio.shield(storing)

    async def send_live(self, log: SharedLog, event: Event) -> None:
        """Send an event to other processes without storing it; a rejected one is counted like any other."""
        try:
            await log.send_live(event)
        except RejectedEvents as rejected:
            self._counts.add_rejected(rejected)

    async def flush(self, timeout_s: float | None = None) -> bool:
        """Wait until no event is pending; return whether that was within the time."""
        loop = asyncio.get_running_loop()
        deadline = None if timeout_s is None else loop.time() + timeout_s
        while self._pending or self._storing or self._attempts.running:
            retrying = [self._circuit.retry()] if self._pending else []
            tasks = [task for task in (*self._storing, *retrying) if not task.done()]
            ends = [*tasks, *(attempt.waiter() for attempt in self._attempts.running)]
            remaining = None if deadline is None else deadline - loop.time()
            if (remaining is not None and remaining <= 0) or not ends:
                return not self._pending
            await asyncio.wait(ends, timeout=remaining, return_when=asyncio.FIRST_COMPLETED)
        return True

    async def aclose(self, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """Retry for this long. What is pending then stays on disk."""
        await self.flush(timeout_s)
        await self._circuit.aclose()
        self._pending.close()

    def metrics(self) -> dict[str, Any]:
        """`spooled` events were pending at first, `waiting` ones are now; docs/events.md explains the others."""
        return {
            "stored": self._counts.stored,
            "slowed": self._counts.slowed,
            "spooled": self._counts.spooled,
            "waiting": len(self._pending),
            "set_aside": self._counts.set_aside,
            "refused": self._counts.rejected,
            "lost": self._pending.lost,
            "circuit": "open" if self._circuit.is_open else "closed",
            "last_error": self._counts.last_error,
        }

    async def _store_slowly(self, persistence: Persistence, events: Sequence[Event]) -> None:
        """Wait first, if persistence asks for it, and store events one by one where it takes no batch."""
        if await keep_pace(persistence):
            self._counts.slowed += len(events)
            if self._circuit.is_open:  # meanwhile
                self._circuit.hold(events)
                return
        try:
            await self._attempts.store(persistence, events)
        except (RejectedEvents, StoreFailed) as error:
            self._settle(events, error)
        else:
            self._settle(events, None)

    def _settle(self, events: Sequence[Event], error: StoreError | None) -> None:
        """Count what is stored or rejected, and hold the others."""
        if error is None:
            self._counts.stored += len(events)
        elif isinstance(error, RejectedEvents):
            self._counts.stored += len(events) - len(error.refusals)
            self._counts.add_rejected(error)
        else:
            self._counts.stored += error.stored
            self._circuit.hold(events[error.stored :])
            self._circuit.trip(error)
