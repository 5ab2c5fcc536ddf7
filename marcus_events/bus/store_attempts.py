"""Attempts to store events, each in a task of its own and within a time limit: no persistence can hang a publisher."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine, Sequence
from typing import Any

from marcus_events.bus.persistence import BatchPersistence, Persistence, RejectedEvents
from marcus_events.core.event import Event

logger = logging.getLogger(__name__)

MAX_PACE_S = 2.0  # a publisher that is slowed to one call in two seconds no longer outruns anything
PACE_INTERVAL_S = 0.1
STORE_TIMEOUT_S = 2.0  # a commit takes milliseconds; a person waits about this long before something seems broken


class StoreFailed(RuntimeError):
    """Persistence failed, or took too long. The first `stored` of the events are stored."""

    def __init__(self, reason: str, stored: int) -> None:
        super().__init__(reason)
        self.stored = stored


class StoreAttempts:
    """The attempts that are running, each limited to `timeout_s` seconds per call of persistence."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._running: set[asyncio.Future[Any]] = set()

    async def store(self, persistence: Persistence, events: Sequence[Event]) -> None:
        """Store the events. Raises StoreFailed; or RejectedEvents, and then all others are stored."""
        if len(events) > 1 and isinstance(persistence, BatchPersistence):
            await self._run(persistence.store_events(events), stored_before=0)
            return
        refusals: dict[int, str] = {}
        for n, event in enumerate(events):
            try:
                await self._run(persistence.store_event(event), stored_before=min(refusals, default=n))
            except RejectedEvents as rejected:
                refusals[n] = str(rejected)
        if refusals:
            raise RejectedEvents(refusals)

    def cancel_all(self) -> None:
        for attempt in self._running:
            attempt.cancel()

    async def _run(self, work: Coroutine[Any, Any, None], *, stored_before: int) -> None:
        """Raises RejectedEvents or StoreFailed, even if the work ignores its cancellation."""
        attempt = asyncio.ensure_future(error_of(work))
        self._running.add(attempt)
        attempt.add_done_callback(self._running.discard)
        done, _ = await asyncio.wait({attempt}, timeout=self._timeout_s)
        if not done:
            attempt.cancel()
            raise StoreFailed(f"no answer within {self._timeout_s:g} s", stored_before)
        error = asyncio.CancelledError("given up") if attempt.cancelled() else attempt.result()
        if isinstance(error, RejectedEvents):
            raise error
        if error is not None:
            raise StoreFailed(f"{type(error).__name__}: {error}", stored_before) from error


async def keep_pace(persistence: Persistence) -> bool:
    """Wait while persistence asks publishers to slow down, for at most MAX_PACE_S; return whether it did.

    Waiting is no failure: it comes before the attempt, so it neither counts towards its time limit nor opens the
    circuit.
    """
    if not asks_to_slow_down(persistence):
        return False
    ends_at = time.monotonic() + MAX_PACE_S
    while asks_to_slow_down(persistence) and time.monotonic() < ends_at:
        await asyncio.sleep(PACE_INTERVAL_S)
    return True


def asks_to_slow_down(persistence: Persistence) -> bool:
    """Whether it is a PacedPersistence that asks for it. To ask for that protocol takes longer than to ask for this."""
    is_slowing = getattr(persistence, "is_slowing", None)
    try:
        return is_slowing is not None and bool(is_slowing())
    except Exception:
        logger.debug("persistence cannot tell whether to slow down", exc_info=True)
        return False


async def error_of(work: Coroutine[Any, Any, None]) -> BaseException | None:
    """The error that the work raised, even SystemExit, which would otherwise end the event loop."""
    try:
        await work
    except BaseException as error:
        return error
    return None
