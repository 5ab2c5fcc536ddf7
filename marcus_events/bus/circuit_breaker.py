"""The circuit breaker of persistence: opens when storing fails, retries what is pending, and closes when all is stored.

    closed ── an attempt fails ──▶ open ── nothing is pending any more ──▶ closed

While it is open, the oldest pending events are retried, under the same identity, after growing pauses. An event that
persistence rejects is set aside. So is one that fails again and again while the event behind it can be stored
(a poison event), so that it holds up no other. Events that are set aside are preserved in the spool.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from marcus_events.bus.pending import PendingEvents
from marcus_events.bus.persistence import Persistence, RejectedEvents
from marcus_events.bus.store_attempts import StoreAttempts, StoreFailed, keep_pace
from marcus_events.core.backoff import backoff_delays
from marcus_events.core.event import Event

logger = logging.getLogger(__name__)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0
MAX_BATCH = 500  # events in a commit
MAX_FAILURES = 5  # in a row, before the oldest event is suspected to be a poison event


@dataclass
class DeliveryCounts:
    """What became of events; see `Delivery.metrics`."""

    stored: int = 0
    slowed: int = 0
    spooled: int = 0
    set_aside: int = 0
    rejected: int = 0
    last_error: str | None = None

    def add_rejected(self, rejected: RejectedEvents) -> None:
        count = len(rejected.refusals)
        self.rejected += count
        self.last_error = str(rejected)
        logger.warning("%d event(s) were published but refused by persistence: %s", count, rejected)


class CircuitBreaker:
    """Open from the start if there are pending events, which an earlier process left."""

    def __init__(
        self,
        persistence: Callable[[], Persistence | None],
        attempts: StoreAttempts,
        pending: PendingEvents,
        counts: DeliveryCounts,
    ) -> None:
        self.is_open = len(pending) > 0
        self._persistence = persistence
        self._attempts = attempts
        self._pending = pending
        self._counts = counts
        self._stored_late = 0  # since it opened
        self._retrying: asyncio.Task[None] | None = None

    def hold(self, events: Sequence[Event]) -> None:
        """Add events to those that are retried."""
        self._counts.spooled += len(events)
        self._pending.put(events)
        self.retry()

    def trip(self, failure: StoreFailed) -> None:
        """Open. Attempts that are running are given up, so that their publishers need not wait."""
        self._counts.last_error = str(failure)
        if not self.is_open:
            self.is_open = True
            text = "events cannot be stored (%s); until they can, they are kept in %s"
            logger.warning(text, failure, self._pending.location)
            self._attempts.give_up_all()

    def retry(self) -> asyncio.Task[None]:
        """Start the task that retries, unless it runs; also again, if the event loop it ran in has ended."""
        if self._retrying is None or self._retrying.done() or self._retrying.get_loop().is_closed():
            self._retrying = asyncio.get_running_loop().create_task(self._retry_until_closed())
        return self._retrying

    async def aclose(self) -> None:
        if self._retrying is not None and not self._retrying.get_loop().is_closed():
            self._retrying.cancel()
            await asyncio.wait([self._retrying])

    async def _retry_until_closed(self) -> None:
        waits, failures = backoff_delays(FIRST_PAUSE_S, LONGEST_PAUSE_S), 0
        while self._pending:
            if await self._store_oldest(is_poison_suspected=failures >= MAX_FAILURES):
                waits, failures = backoff_delays(FIRST_PAUSE_S, LONGEST_PAUSE_S), 0
            else:
                failures += 1
                await asyncio.sleep(next(waits))
        self.is_open = False
        logger.info("events are stored again; %d of them were late", self._stored_late)
        self._stored_late = 0

    async def _store_oldest(self, *, is_poison_suspected: bool) -> bool:
        """Store a batch of the oldest pending events; return whether there was any progress."""
        persistence, batch = self._persistence(), self._pending.peek(MAX_BATCH)
        if persistence is None or not batch:
            return False
        await keep_pace(persistence)
        if is_poison_suspected and len(batch) > 1:
            return await self._store_or_set_aside_oldest(persistence, batch)
        try:
            await self._attempts.store(persistence, [event for _, event in batch])
        except RejectedEvents as rejected:
            for n, reason in rejected.refusals.items():
                self._pending.set_aside(batch[n][0], reason)
            self._counts.add_rejected(rejected)
            self._count_stored([number for n, (number, _) in enumerate(batch) if n not in rejected.refusals])
        except StoreFailed as failure:
            self._counts.last_error = str(failure)
            self._count_stored([number for number, _ in batch[: failure.stored]])
            return failure.stored > 0
        else:
            self._count_stored([number for number, _ in batch])
        return True

    async def _store_or_set_aside_oldest(self, persistence: Persistence, batch: list[tuple[int, Event]]) -> bool:
        """Set the oldest event aside if it fails both before and after the event behind it could be stored."""
        oldest, behind = batch[0], batch[1]
        if await self._failure_of(persistence, oldest) is None:
            return True
        if await self._failure_of(persistence, behind) is not None:
            return False  # persistence itself fails
        if (reason := await self._failure_of(persistence, oldest)) is not None:
            number, event = oldest
            self._pending.set_aside(number, reason)
            self._counts.set_aside += 1
            logger.warning("event %s cannot be stored and was set aside: %s", event.event_id, reason)
        return True

    async def _failure_of(self, persistence: Persistence, numbered: tuple[int, Event]) -> str | None:
        """Store a single event; return why that failed, or None if it is stored."""
        number, event = numbered
        try:
            await self._attempts.store(persistence, [event])
        except (RejectedEvents, StoreFailed) as error:
            return str(error)
        self._count_stored([number])
        return None

    def _count_stored(self, numbers: list[int]) -> None:
        self._pending.remove(numbers)
        self._counts.stored += len(numbers)
        self._stored_late += len(numbers)
