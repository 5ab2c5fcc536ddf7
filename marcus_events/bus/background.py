"""Work that nobody waits for: held until it is done, and bounded.

The event loop keeps only weak references to tasks, so they are held here. At most `limit` run at once; then whoever
begins another one waits for room, or sheds it, and that is counted. Who is inside of such work itself never waits for
room, since it may be what the room is waited for: it does the new work at once, in its own time.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Literal

from marcus_events.core.causation import current

logger = logging.getLogger(__name__)

WhenFull = Literal["wait", "shed"]


class Background:
    """`shed` counts what was not done since there was no room."""

    def __init__(self, limit: int, when_full: WhenFull) -> None:
        if when_full not in ("wait", "shed"):
            raise ValueError("when_full must be “wait” or “shed”")
        self.limit = limit
        self.when_full = when_full
        self.shed = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._is_shedding = False

    def __len__(self) -> int:
        return len(self._tasks)

    async def begin(self, work: Callable[[], Coroutine[Any, Any, None]]) -> bool:
        """Begin it as soon as there is room; False when it was shed."""
        if len(self._tasks) >= self.limit:
            if self.when_full == "shed":
                self._count_shed()
                return False
            if current() is not None:
                await work()
                return True
            await self._room()
        self._start(work)
        return True

    async def drain(self, timeout_s: float | None) -> bool:
        """Wait until all is done; whether it was within the time."""
        loop = asyncio.get_running_loop()
        mine = {task for task in self._tasks if task.get_loop() is loop}
        if mine:
            _, mine = await asyncio.wait(mine, timeout=timeout_s)
        return not mine

    async def _room(self) -> None:
        while len(self._tasks) >= self.limit:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._call_next()  # it was our turn, and we go without taking it
                raise

    def _start(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        task = asyncio.get_running_loop().create_task(work())
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._is_shedding = False
        self._call_next()

    def _call_next(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done() and not turn.get_loop().is_closed():
                turn.set_result(None)
                return

    def _count_shed(self) -> None:
        self.shed += 1
        if not self._is_shedding:
            self._is_shedding = True
            logger.warning("%d events are being handled; handlers are not called for more of them", self.limit)
