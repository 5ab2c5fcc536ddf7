"""Events that wait to be stored: on disk where a spool was named, otherwise in memory and, beyond its bound, on disk.

Nothing here waits, and nothing raises. When the disk fails too, memory takes what it can; what does not fit is lost,
the oldest first, and counted.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path

from marcus_events.bus.spool import Spool, SpoolFailed
from marcus_events.core.event import Event

logger = logging.getLogger(__name__)

RING = 10_000  # events in memory: about 20 MB of ordinary ones


class Kept:
    """In their order. Each has a number; those of events in memory are negative."""

    def __init__(self, spool: Spool | None, ring: int = RING) -> None:
        self.spool = spool
        self.lost = 0
        self._ring: dict[int, Event] = {}
        self._limit = ring
        self._last = 0
        self._is_temporary = False
        self._told = ""

    def __len__(self) -> int:
        return len(self._ring) + (0 if self.spool is None else len(self.spool))

    @property
    def place(self) -> str:
        """Where they are, in words."""
        return "memory" if self.spool is None else str(self.spool.path)

    def put(self, events: Sequence[Event]) -> None:
        if self.spool is None and len(self._ring) + len(events) > self._limit:
            self._begin_temporary_spool()
        if not self._put_on_disk(events):
            self._put_in_memory(events)

    def peek(self, limit: int, max_bytes: int | None = None) -> list[tuple[int, Event]]:
        """The oldest: those on disk, then those that the disk would not take."""
        found = self._peek_on_disk(limit, max_bytes)
        return found or list(islice(self._ring.items(), limit))

    def remove(self, numbers: Iterable[int]) -> None:
        on_disk = [number for number in numbers if self._ring.pop(number, None) is None]
        if on_disk:
            self._try(lambda spool: spool.remove(on_disk))

    def set_aside(self, number: int, reason: str) -> None:
        """Let it wait no longer; on disk it is kept all the same."""
        if self._ring.pop(number, None) is None:
            self._try(lambda spool: spool.set_aside(number, reason))

    def close(self) -> None:
        """What still waits stays on disk, if it is there or gets there."""
        if self._ring and self.spool is None:
            self._begin_temporary_spool()
        if self._ring:
            logger.warning("%d events were never stored", len(self._ring))
            self.lost += len(self._ring)
        if self.spool is not None:
            self._close_spool(self.spool)

    def _put_on_disk(self, events: Sequence[Event]) -> bool:
        return self._try(lambda spool: spool.put(events))

    def _put_in_memory(self, events: Sequence[Event]) -> None:
        for event in events:
            self._last -= 1
            self._ring[self._last] = event
        if (over := len(self._ring) - self._limit) > 0:
            if not self.lost:
                logger.error("events are lost: neither persistence nor %s takes them, and memory is full", self.place)
            self.lost += over
            for number in list(islice(self._ring, over)):
                del self._ring[number]

    def _begin_temporary_spool(self) -> None:
        directory = Path(tempfile.mkdtemp(prefix="marcus-events-"))
        try:
            self.spool, self._is_temporary = Spool(directory / "0.db"), True
        except OSError as error:
            logger.warning("no spool can be made: %s", error)
            return
        for number, event in list(self._ring.items()):
            if self._put_on_disk([event]):
                del self._ring[number]

    def _peek_on_disk(self, limit: int, max_bytes: int | None) -> list[tuple[int, Event]]:
        found: list[tuple[int, Event]] = []
        if self.spool is not None and len(self.spool):
            self._try(lambda spool: found.extend(spool.peek(limit, max_bytes)))
        return found

    def _try(self, work: Callable[[Spool], None]) -> bool:
        try:
            if self.spool is not None:
                work(self.spool)
        except SpoolFailed as error:
            self._tell_once(error)
            return False
        return self.spool is not None

    def _tell_once(self, error: SpoolFailed) -> None:
        if str(error) != self._told:
            self._told = str(error)
            logger.warning("the spool fails: %s", error)

    def _close_spool(self, spool: Spool) -> None:
        waiting = len(spool)
        spool.close()
        if self._is_temporary and waiting:
            logger.warning("%d events were not stored; Events(spool=%r) stores them", waiting, str(spool.path))
        elif self._is_temporary:
            for file in (*spool.path.parent.iterdir(),):
                file.unlink()
            spool.path.parent.rmdir()
