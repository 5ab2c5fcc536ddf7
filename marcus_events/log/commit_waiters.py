"""Wait for commits on an event loop: one call from the writer's thread wakes everybody whose commit is done by then.

A call for each would cost a system call, and a timer for each would stay in the loop's queue long after the commit.
"""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import Future
from typing import Any
from weakref import WeakKeyDictionary

COMMIT_TIMEOUT_S = 25.0  # longer than the writer tries; then something is wrong with the writer itself


class CommitWaiters:
    """Those who wait on one event loop. It keeps no reference to the loop, which would otherwise never be freed."""

    def __init__(self, timeout_s: float = COMMIT_TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._deadlines: dict[asyncio.Future[None], float] = {}  # in the order of their deadlines
        self._has_timer = False
        self._done: deque[asyncio.Future[None]] = deque()
        self._is_waking = False

    async def wait(self, answer: Future[Any]) -> None:
        """Wait until the future is done, or for the timeout. Its result is not read here."""
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        self._deadlines[waiter] = loop.time() + self._timeout_s
        if not self._has_timer:
            self._has_timer = True
            loop.call_later(self._timeout_s, self._end_overdue, loop)
        answer.add_done_callback(lambda _: self._wake(waiter))
        try:
            await waiter
        finally:
            del self._deadlines[waiter]

    def _wake(self, waiter: asyncio.Future[None]) -> None:
        """Have the loop wake the waiter, from any thread."""
        self._done.append(waiter)
        if not self._is_waking:
            self._is_waking = True
            try:
                waiter.get_loop().call_soon_threadsafe(self._wake_done)
            except RuntimeError:  # the loop has ended meanwhile
                self._done.clear()

    def _wake_done(self) -> None:
        self._is_waking = False  # first: what is added from now on calls again
        while self._done:
            end(self._done.popleft())

    def _end_overdue(self, loop: asyncio.AbstractEventLoop) -> None:
        """End the waiting of those whose time is over, and set the timer for the next one."""
        self._has_timer = False
        for waiter, deadline in self._deadlines.items():
            if deadline > loop.time():
                self._has_timer = True
                loop.call_at(deadline, self._end_overdue, loop)
                break
            end(waiter)


def end(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():  # it may have been cancelled
        waiter.set_result(None)


_by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, CommitWaiters] = WeakKeyDictionary()


async def wait_for_commit(answer: Future[Any]) -> None:
    """Wait until the future is done, or for COMMIT_TIMEOUT_S. Its result is not read here."""
    loop = asyncio.get_running_loop()
    if (waiters := _by_loop.get(loop)) is None:
        waiters = _by_loop[loop] = CommitWaiters()
    await waiters.wait(answer)
