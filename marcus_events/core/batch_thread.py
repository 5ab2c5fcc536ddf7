"""A thread that works through a bounded queue in batches, until it is stopped and the queue is empty."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

logger = logging.getLogger(__name__)

Item = TypeVar("Item")


def one(item: object) -> int:
    return 1


class BatchThread(Generic[Item]):
    """Calls `work` with what has gathered while it was at work before: items of `max_batch` in all, at least one.

    `size` says how much of the room an item takes. An item that is larger than the whole queue goes into an empty one.
    `at_end` is called in the thread when it ends. An error that `work` raises is logged, and the thread goes on.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[list[Item]], None],
        *,
        max_queued: int,
        max_batch: int,
        size: Callable[[Item], int] = one,
        at_end: Callable[[], None] = lambda: None,
    ) -> None:
        self._work, self._size, self._at_end = work, size, at_end
        self._max_queued, self._max_batch = max_queued, max_batch
        self._queue: deque[Item] = deque()
        self._queued = 0
        self._is_working = False
        self._is_stopping = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def is_stopping(self) -> bool:
        return self._is_stopping

    @property
    def is_busy(self) -> bool:
        """Whether all that was queued has been taken, and the work on it goes on."""
        with self._changed:
            return self._is_working and not self._queue

    def put(self, item: Item, timeout_s: float = 0) -> bool:
        """Queue an item; whether there was room for it within the time. There is none after `stop`."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_stopping or self._has_room(item), timeout_s)
            if self._is_stopping or not self._has_room(item):
                return False
            self._queue.append(item)
            self._queued += self._size(item)
            self._changed.notify_all()
            return True

    def flush(self, timeout_s: float) -> bool:
        """Wait until the work on all that was put is done; whether it was within the time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._queue and not self._is_working, timeout_s)

    def pause(self, seconds: float) -> None:
        """For the work itself: wait, though not while the thread is to end."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_stopping, seconds)

    def stop(self) -> None:
        """Return when the work on all that is queued is done, and the thread has ended."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()
        self._thread.join()

    def _has_room(self, item: Item) -> bool:
        return self._queued == 0 or self._queued + self._size(item) <= self._max_queued

    def _run(self) -> None:
        try:
            while batch := self._take():
                self._try(batch)
        finally:
            self._at_end()

    def _try(self, batch: list[Item]) -> None:
        try:
            self._work(batch)
        except Exception:  # without this thread, everything that is put from now on would wait for ever
            logger.exception("the %s failed with %d item(s)", self._thread.name, len(batch))

    def _take(self) -> list[Item]:
        """Empty only when closing."""
        with self._changed:
            self._is_working = False
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._queue or self._is_stopping)
            batch, taken = list[Item](), 0
            while self._queue and (not batch or taken + self._size(self._queue[0]) <= self._max_batch):
                batch.append(self._queue.popleft())
                taken += self._size(batch[-1])
            self._queued -= taken
            self._is_working = bool(batch)
            self._changed.notify_all()
            return batch
