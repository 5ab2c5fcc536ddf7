"""Storing events, so that a persistence that fails, hangs or comes back is nobody's trouble but its own.

1. Closed circuit: events are handed to persistence, in a task of its own, for at most `timeout_s`.
2. It fails, or its time is up: the circuit opens. One warning says why, and where events are kept until it closes.
   Whatever else is on its way to persistence at that moment is given up and kept too.
3. Open circuit: events are kept (`bus.kept`), at once and in their order.
4. From then on the oldest are tried again, under the same identity, after growing pauses. When nothing waits any more,
   the circuit closes, and one line says how many were stored late.
5. An event that persistence refuses for good is counted and told of, and does not open the circuit. One that fails
   again and again while those behind it can be stored is set aside, on disk, so that it holds up nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from marcus_events.bus.pending import RING, Kept
from marcus_events.bus.persistence import BatchPersistence, Persistence, RejectedEvents, SharedLog
from marcus_events.bus.spool import Spool
from marcus_events.core.backoff import pauses
from marcus_events.core.event import Event

logger = logging.getLogger(__name__)

TIMEOUT_S = 2.0  # a commit takes milliseconds; a person waits about so long before something seems broken
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0
MAX_BATCH = 500  # events in a commit
ATTEMPTS = 5  # at the oldest event, before those behind it are tried
CLOSE_WITHIN_S = 5.0


class StoreFailed(RuntimeError):
    """Persistence failed; `stored` events of those that it was given are stored all the same."""

    def __init__(self, what: str, stored: int) -> None:
        super().__init__(what)
        self.stored = stored


class Storing:
    """Hands events to what `persistence` returns at that time; None is no persistence."""

    def __init__(
        self,
        persistence: Callable[[], Persistence | None],
        *,
        spool: Path | Spool | None = None,
        timeout_s: float = TIMEOUT_S,
        ring: int = RING,
    ) -> None:
        """Raises SpoolBusy or SpoolFailed."""
        self._persistence = persistence
        self._timeout_s = timeout_s
        self._kept = Kept(Spool(spool) if isinstance(spool, Path) else spool, ring)
        self._is_open = len(self._kept) > 0  # what an earlier process left goes first
        self._drainer: asyncio.Task[None] | None = None
        self._under_way: set[asyncio.Future[Any]] = set()
        self._settling: set[asyncio.Task[None]] = set()
        self._stored = self._spooled = self._set_aside = self._refused = self._late = 0
        self._last_error: str | None = None

    async def store(self, events: Sequence[Event]) -> None:
        """Return when they are stored, or kept for later. Whoever gives up waiting does not undo it."""
        persistence = self._persistence()
        if persistence is None or not events:
            return
        if self._is_open:
            self._keep(events)
            self._begin_draining()
            return
        settling = asyncio.get_running_loop().create_task(self._settle(persistence, events))
        self._settling.add(settling)
        settling.add_done_callback(self._settling.discard)
        await asyncio.shield(settling)

    async def send_live(self, log: SharedLog, event: Event) -> None:
        """Tell other processes of an event that is not stored; one that is refused is counted like any other."""
        try:
            await log.send_live(event)
        except RejectedEvents as refused:
            self._count_refused(refused)

    async def flush(self, timeout_s: float | None = None) -> bool:
        """Wait until nothing waits any more; whether so within the time."""
        loop = asyncio.get_running_loop()
        deadline = None if timeout_s is None else loop.time() + timeout_s
        while self._kept or self._settling:
            self._begin_draining()
            left = None if deadline is None else deadline - loop.time()
            waiting = [task for task in (*self._settling, self._drainer) if task is not None and not task.done()]
            if (left is not None and left <= 0) or not waiting:
                return not self._kept
            await asyncio.wait(waiting, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        return True

    async def aclose(self, timeout_s: float = CLOSE_WITHIN_S) -> None:
        """Try once more for a moment; what is left then stays on disk."""
        await self.flush(timeout_s)
        if self._drainer is not None and not self._drainer.get_loop().is_closed():
            self._drainer.cancel()
            await asyncio.wait([self._drainer])
        self._kept.close()

    def metrics(self) -> dict[str, Any]:
        """`stored` in all; `spooled` of them were kept at first; `waiting` are kept now."""
        return {
            "stored": self._stored,
            "spooled": self._spooled,
            "waiting": len(self._kept),
            "set_aside": self._set_aside,
            "refused": self._refused,
            "lost": self._kept.lost,
            "circuit": "open" if self._is_open else "closed",
            "last_error": self._last_error,
        }

    async def _settle(self, persistence: Persistence, events: Sequence[Event]) -> None:
        """Steps 1 and 2, and what persistence refuses."""
        try:
            await self._entry(persistence, events)
            self._stored += len(events)
        except RejectedEvents as refused:
            self._stored += len(events) - len(refused.refusals)
            self._count_refused(refused)
        except StoreFailed as failure:
            self._stored += failure.stored
            self._keep(events[failure.stored :])
            self._open(failure)

    async def _entry(self, persistence: Persistence, events: Sequence[Event]) -> None:
        """Raises Refused or Trouble."""
        if len(events) > 1 and isinstance(persistence, BatchPersistence):
            await self._within_time(persistence.store_events(events), 0)
            return
        refusals: dict[int, str] = {}
        for n, event in enumerate(events):
            try:
                await self._within_time(persistence.store_event(event), n - len(refusals))
            except RejectedEvents as refused:
                refusals[n] = str(refused)
        if refusals:
            raise RejectedEvents(refusals)

    async def _within_time(self, work: Coroutine[Any, Any, None], stored: int) -> None:
        """Raises Refused or Trouble; also when the work ignores that it was given up."""
        working = asyncio.ensure_future(contained(work))
        self._under_way.add(working)
        working.add_done_callback(self._under_way.discard)
        done, _ = await asyncio.wait({working}, timeout=self._timeout_s)
        if not done:
            working.cancel()
            raise StoreFailed(f"no answer within {self._timeout_s:g} s", stored)
        error = asyncio.CancelledError("given up") if working.cancelled() else working.result()
        if isinstance(error, RejectedEvents):
            raise error
        if error is not None:
            raise StoreFailed(f"{type(error).__name__}: {error}", stored) from error

    def _open(self, failure: StoreFailed) -> None:
        self._last_error = str(failure)
        if not self._is_open:
            self._is_open = True
            logger.warning(
                "events cannot be stored (%s); until they can, they are kept in %s", failure, self._kept.place
            )
            for working in self._under_way:
                working.cancel()
        self._begin_draining()

    def _keep(self, events: Sequence[Event]) -> None:
        self._spooled += len(events)
        self._kept.put(events)

    def _begin_draining(self) -> None:
        """Also again, where the event loop of the last attempt has ended."""
        if self._drainer is None or self._drainer.done() or self._drainer.get_loop().is_closed():
            self._drainer = asyncio.get_running_loop().create_task(self._drain())

    async def _drain(self) -> None:
        """Step 4."""
        waits, attempts = pauses(FIRST_PAUSE_S, LONGEST_PAUSE_S), 0
        while self._kept:
            if await self._drain_some(attempts):
                waits, attempts = pauses(FIRST_PAUSE_S, LONGEST_PAUSE_S), 0
            else:
                attempts += 1
                await asyncio.sleep(next(waits))
        self._is_open = False
        logger.info("events are stored again; %d of them were late", self._late)
        self._late = 0

    async def _drain_some(self, attempts: int) -> bool:
        """Whether there was any progress."""
        persistence, batch = self._persistence(), self._kept.peek(MAX_BATCH)
        if persistence is None or not batch:
            return False
        if attempts >= ATTEMPTS and len(batch) > 1:
            return await self._pass_over_the_oldest(persistence, batch)
        try:
            await self._entry(persistence, [event for _, event in batch])
        except RejectedEvents as refused:
            for n, reason in refused.refusals.items():
                self._kept.set_aside(batch[n][0], reason)
            self._count_refused(refused)
            self._done([number for n, (number, _) in enumerate(batch) if n not in refused.refusals])
        except StoreFailed as failure:
            self._last_error = str(failure)
            self._done([number for number, _ in batch[: failure.stored]])
            return failure.stored > 0
        else:
            self._done([number for number, _ in batch])
        return True

    async def _pass_over_the_oldest(self, persistence: Persistence, batch: list[tuple[int, Event]]) -> bool:
        """Step 5: when the one behind the oldest can be stored, and the oldest still cannot, that is its own fault."""
        (oldest, event), (second, _), *_ = batch
        for number, one in (batch[0], batch[1], batch[0]):
            try:
                await self._entry(persistence, [one])
            except (RejectedEvents, StoreFailed) as error:
                reason = str(error)
                if number == second:
                    return False
            else:
                self._done([number])
                if number == oldest:
                    return True
        self._kept.set_aside(oldest, reason)
        self._set_aside += 1
        logger.warning("event %s cannot be stored and was set aside: %s", event.event_id, reason)
        return True

    def _done(self, numbers: list[int]) -> None:
        self._kept.remove(numbers)
        self._stored += len(numbers)
        self._late += len(numbers)

    def _count_refused(self, refused: RejectedEvents) -> None:
        self._refused += len(refused.refusals)
        self._last_error = str(refused)
        logger.warning("%d event(s) were published but refused by persistence: %s", len(refused.refusals), refused)


async def contained(work: Coroutine[Any, Any, None]) -> BaseException | None:
    """What it raised, down to SystemExit, which would otherwise end the event loop."""
    try:
        await work
    except BaseException as error:
        return error
    return None
