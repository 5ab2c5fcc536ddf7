"""Plays a simulation into the log, through the same door as any producer.

1. What is due by now is published, and only then the next: a log that is slow is given no more than it takes.
2. While the database is away it waits, says so once, and publishes the same events again: none is lost or doubled.
3. It hears what others publish, so that an agent that has asked goes on when a person answers.
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
from marcus_events.log.log_follower import LogFollowing
from marcus_events.log.writer import MAX_BATCH, LogUnavailable
from marcus_events.sources.simulation.event_rate import EventRate
from marcus_events.sources.simulation.simulation import Simulation

RETRY_S = 1.0


class SimulationRejected(RuntimeError):
    """The log does not take an event of the simulation: somebody else plays under the same name."""


@dataclass(frozen=True)
class SimulationLimit:
    """How much is played: so many events, for so many seconds; without an end where neither is said."""

    events: int | None = None
    seconds: float | None = None

    def left(self, published: int, elapsed: float) -> int:
        if self.seconds is not None and elapsed >= self.seconds:
            return 0
        return MAX_BATCH if self.events is None else self.events - published


class Player:
    """`progress` is told after each commit how many events there are by now; `say` what a person should know."""

    def __init__(
        self, simulation: Simulation, rate: float, *, progress: Callable[[int], None], say: Callable[[str], None]
    ) -> None:
        self._simulation, self._rate = simulation, rate
        self._progress, self._say = progress, say
        self._stop = asyncio.Event()
        self.published = 0

    def stop(self) -> None:
        """What is on its way is committed still."""
        self._stop.set()

    async def play(self, extent: SimulationLimit) -> None:
        """Until that is played, or it is stopped. Raises Refused."""
        following = LogFollowing(self._hear)
        try:
            await self._play(extent)
        finally:
            await asyncio.to_thread(following.close)

    def _hear(self, events: Sequence[Event]) -> None:
        """In the thread that follows the log. An answer is there or not when its agent looks, so nothing is locked."""
        for event in events:
            self._simulation.hear(event)

    async def _play(self, extent: SimulationLimit) -> None:
        begun = time.monotonic()
        pace = EventRate(self._rate, MAX_BATCH, begun)
        while not self._stop.is_set() and (left := extent.left(self.published, time.monotonic() - begun)):
            if due := pace.due(time.monotonic()):
                await self._publish(self._simulation.take(min(due, left)))
            await self._wait(pace.pause())

    async def _publish(self, events: Sequence[Event]) -> None:
        while not await self._try_to_publish(events):
            await self._wait(RETRY_S)
            if self._stop.is_set():
                return
        self.published += len(events)
        self._progress(self.published)

    async def _try_to_publish(self, events: Sequence[Event]) -> bool:
        try:
            receipts = await ingest_async(
                events, Authority.SYSTEM
            )  # programs of a simulation wait for people's answers
        except LogUnavailable as error:
            self._say(f"The log is not accepting events, retrying: {error}")
            return False
        if refused := next((receipt for receipt in receipts if receipt.status == "rejected"), None):
            raise SimulationRejected(f"The log rejected {refused.event_id}: {refused.error}")
        return True

    async def _wait(self, seconds: float) -> None:
        """Or until it is stopped."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), seconds)
