"""Attempts to store events, each in a task of its own and within a time limit: no persistence can hang a publisher."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import cast

from marcus_events.bus.persistence import BatchPersistence, Persistence, RejectedEvents
from marcus_events.bus.timeouts import RunningCalls
from marcus_events.core.event import Event
from marcus_events.core.loop_wakeup import Waiter, complete

logger = logging.getLogger(__name__)

MAX_PACE_S = 2.0  # a publisher that is slowed to one call in two seconds no longer outruns anything
PACE_INTERVAL_S = 0.1
STORE_TIMEOUT_S = 2.0  # a commit takes milliseconds; a person waits about this long before something seems broken


class StoreFailed(RuntimeError):
    """Persistence failed, or took too long. The first `stored` of the events are stored."""

    def __init__(self, reason: str, stored: int) -> None:
        super().__init__(reason)
        self.stored = stored


StoreWork = Callable[[], Awaitable[None]]
StoreError = StoreFailed | RejectedEvents


class StoreAttempt:
    """One call of persistence, in a task of its own.

    It ends once: when the task finishes, or before that when its time limit is up or it is given up. Then `on_end` is
    called. What the task does afterwards changes nothing; it is only held until it finishes.
    """

    __slots__ = ("_on_end", "_running", "_task", "_waiters", "error", "has_ended", "limits_s", "loop")

    def __init__(
        self,
        work: StoreWork,
        limit_s: float,
        running: RunningCalls[StoreAttempt],
        on_end: Callable[[BaseException | None], None],
    ) -> None:
        self.error: BaseException | None = None
        self.has_ended = False
        self.limits_s = (limit_s,)
        self.loop = asyncio.get_running_loop()
        self._on_end = on_end
        self._running = running
        self._waiters: list[Waiter] = []
        self._task = self.loop.create_task(self._run(work))
        running.add(self)

    def __len__(self) -> int:
        return 1

    def waiter(self) -> Waiter:
        """Return a future that completes when the attempt has ended. Cancelling it does not cancel the attempt."""
        waiter: Waiter = self.loop.create_future()
        self._waiters.append(waiter)
        return waiter

    def expire(self, limit_s: float) -> None:
        self.give_up(StoreFailed(f"no answer within {limit_s:g} s", 0))

    def give_up(self, error: BaseException) -> None:
        """End with this error now, even if the task ignores its cancellation."""
        self._end(error)
        self._running.hold_until_done(self._task)
        self._task.cancel()

    async def _run(self, work: StoreWork) -> None:
        try:
            await work()
        except BaseException as error:  # even SystemExit, which would otherwise end the event loop
            self._end(error)
        else:
            self._end(None)

    def _end(self, error: BaseException | None) -> None:
        if self.has_ended:
            self._running.release(asyncio.current_task())
            return
        self.has_ended, self.error = True, error
        self._running.discard(self)
        complete(self._waiters)
        self._on_end(error)


class StoreAttempts:
    """The attempts that are running, each limited to `timeout_s` seconds per call of persistence."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._running: RunningCalls[StoreAttempt] = RunningCalls()

    @property
    def running(self) -> list[StoreAttempt]:
        """Those in the running event loop."""
        return self._running.due()

    def start(
        self, persistence: Persistence, events: Sequence[Event], on_end: Callable[[StoreError | None], None]
    ) -> StoreAttempt:
        """Start to store events that persistence takes in one call. `on_end` is called when that has ended."""
        work = single_call(persistence, events)
        return StoreAttempt(work, self._timeout_s, self._running, lambda error: on_end(store_error(error, len(events))))

    async def store(self, persistence: Persistence, events: Sequence[Event]) -> None:
        """Store the events. Raises StoreFailed; or RejectedEvents, and then all others are stored."""
        if takes_in_one_call(persistence, events):
            await self._run(persistence, events, stored_before=0)
            return
        refusals: dict[int, str] = {}
        for n, event in enumerate(events):
            try:
                await self._run(persistence, [event], stored_before=min(refusals, default=n))
            except RejectedEvents as rejected:
                refusals[n] = str(rejected)
        if refusals:
            raise RejectedEvents(refusals)

    def give_up_all(self) -> None:
        for attempt in self.running:
            attempt.give_up(asyncio.CancelledError("given up"))

    async def _run(self, persistence: Persistence, events: Sequence[Event], *, stored_before: int) -> None:
        """Raises RejectedEvents or StoreFailed."""
        attempt = self.start(persistence, events, lambda error: None)
        await attempt.waiter()
        if (error := store_error(attempt.error, len(events), stored_before)) is not None:
            raise error


def takes_in_one_call(persistence: Persistence, events: Sequence[Event]) -> bool:
    return len(events) == 1 or isinstance(persistence, BatchPersistence)


def single_call(persistence: Persistence, events: Sequence[Event]) -> StoreWork:
    if len(events) == 1:
        return partial(persistence.store_event, events[0])
    return partial(cast("BatchPersistence", persistence).store_events, events)


def store_error(error: BaseException | None, count: int, stored_before: int = 0) -> StoreError | None:
    """What an error of persistence means for so many events."""
    if isinstance(error, RejectedEvents):
        return error if count > 1 else RejectedEvents({0: str(error)})
    if error is None:
        return None
    reason = str(error) if isinstance(error, StoreFailed) else f"{type(error).__name__}: {error}"
    failure = StoreFailed(reason, stored_before)
    failure.__cause__ = error
    return failure


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
