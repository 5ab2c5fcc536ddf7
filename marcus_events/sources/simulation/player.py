"""Publishes a simulation through the same ingest as any producer.

1. The next batch is generated only after the previous one is committed, so a slow log sets the pace.
2. While the database is unavailable, the player reports it once and retries the same events: none is lost or doubled.
3. It follows the log, so that an agent continues when a person answers its blocker.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from marcus_events.core.event import Event
from marcus_events.core.reserved import Authority
from marcus_events.ingest import ingest_async
from marcus_events.log.back_pressure import WAIT_INTERVAL_S, back_pressure
from marcus_events.log.log_follower import LogFollowing
from marcus_events.log.writer import MAX_BATCH, LogUnavailable
from marcus_events.sources.simulation.event_rate import EventRate
from marcus_events.sources.simulation.simulation import Simulation

RETRY_S = 1.0


class SimulationRejected(RuntimeError):
    """The log rejected an event: another simulation uses the same name."""


@dataclass(frozen=True)
class SimulationLimit:
    """The number of events or seconds to play; without end if neither is set."""

    events: int | None = None
    seconds: float | None = None

    def remaining(self, published: int, elapsed: float) -> int:
        if self.seconds is not None and elapsed >= self.seconds:
            return 0
        return MAX_BATCH if self.events is None else self.events - published


class Player:
    """Calls `progress` with the number of published events after each commit, and `report_message` with messages for
    people.
    """

    def __init__(
        self,
        simulation: Simulation,
        rate: float,
        *,
        progress: Callable[[int], None],
        report_message: Callable[[str], None],
    ) -> None:
        self._simulation, self._rate = simulation, rate
        self._progress, self._report_message = progress, report_message
        self._stop = asyncio.Event()
        self.published = 0

    def stop(self) -> None:
        """Stop after the current commit."""
        self._stop.set()

    async def play(self, limit: SimulationLimit) -> None:
        """Play until the limit is reached or `stop` is called. Raises SimulationRejected."""
        following = LogFollowing(self._receive)
        try:
            await self._play(limit)
        finally:
            await asyncio.to_thread(following.close)

    def _receive(self, events: Sequence[Event]) -> None:
        """Runs in the thread that follows the log. Needs no lock: an answer is either there or not when its agent
        checks.
        """
        for event in events:
            self._simulation.receive(event)

    async def _play(self, limit: SimulationLimit) -> None:
        started_at = time.monotonic()
        event_rate = EventRate(self._rate, MAX_BATCH, started_at)
        while not self._stop.is_set() and (remaining := limit.remaining(self.published, time.monotonic() - started_at)):
            if due := event_rate.due(time.monotonic()):
                await self._publish(self._simulation.next_batch(min(due, remaining)))
            await self._wait(event_rate.pause())

    async def _publish(self, events: Sequence[Event]) -> None:
        while await asyncio.to_thread(back_pressure().must_wait) and not self._stop.is_set():
            await self._wait(WAIT_INTERVAL_S)
        while not await self._try_to_publish(events):
            await self._wait(RETRY_S)
            if self._stop.is_set():
                return
        self.published += len(events)
        self._progress(self.published)

    async def _try_to_publish(self, events: Sequence[Event]) -> bool:
        try:
            receipts = await ingest_async(events, Authority.SYSTEM)  # ANSWER_AWAITED is reserved
        except LogUnavailable as error:
            self._report_message(f"The log is not accepting events, retrying: {error}")
            return False
        if rejected := next((receipt for receipt in receipts if receipt.status == "rejected"), None):
            raise SimulationRejected(f"The log rejected {rejected.event_id}: {rejected.error}")
        return True

    async def _wait(self, seconds: float) -> None:
        """Wait, or return early when stopped."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)
