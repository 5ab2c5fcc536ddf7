"""Background work: tasks that nobody waits for, held until they are done, and bounded in number.

The event loop keeps only weak references to tasks, so they are held here. At most `limit` tasks run at once. Beyond
that, `start` waits for a free slot, or sheds the work and counts it.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Literal

from marcus_events.core.causation import current_event

logger = logging.getLogger(__name__)

WhenFull = Literal["wait", "shed"]


class BackgroundTasks:
    """`shed` counts the work that was not done because all slots were taken."""

    def __init__(self, limit: int, when_full: WhenFull) -> None:
        if when_full not in ("wait", "shed"):
            raise ValueError("when_full must be “wait” or “shed”")
        self.limit = limit
        self.when_full = when_full
        self.shed = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiters: deque[asyncio.Future[None]] = deque()  # for a free slot, in the order in which they came
        self._is_shedding = False

    def __len__(self) -> int:
        return len(self._tasks)

    async def start(self, work: Callable[[], Coroutine[Any, Any, None]]) -> bool:
        """Start the work as soon as there is a free slot; False if it was shed."""
        if len(self._tasks) >= self.limit:
            if self.when_full == "shed":
                self._count_shed()
                return False
            if current_event() is not None:  # called from a handler, whose own slot may be the one to wait for
                await work()
                return True
            await self._wait_for_slot()
        task = asyncio.get_running_loop().create_task(work())
        self._tasks.add(task)
        task.add_done_callback(self._on_done)
        return True

    async def drain(self, timeout_s: float | None) -> bool:
        """Wait until all tasks are done; return whether they were within the time."""
        loop = asyncio.get_running_loop()
        unfinished = {task for task in self._tasks if task.get_loop() is loop}
        if unfinished:
            _, unfinished = await asyncio.wait(unfinished, timeout=timeout_s)
        return not unfinished

    async def _wait_for_slot(self) -> None:
        while len(self._tasks) >= self.limit:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                if waiter.done() and not waiter.cancelled():
                    self._wake_next_waiter()  # this one was woken for a slot that it will not use
                raise

    def _on_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._is_shedding = False
        self._wake_next_waiter()

    def _wake_next_waiter(self) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done() and not waiter.get_loop().is_closed():
                waiter.set_result(None)
                return

    def _count_shed(self) -> None:
        self.shed += 1
        if not self._is_shedding:
            self._is_shedding = True
            logger.warning("%d events are being handled; handlers are not called for further events", self.limit)
