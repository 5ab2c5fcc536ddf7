"""Events waiting to be stored: on disk if a spool was given; otherwise in memory, and beyond its limit on disk.

Nothing here waits or raises. If the disk fails too, memory holds what it can. What does not fit is lost, the oldest
events first, and counted.
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

MAX_IN_MEMORY = 10_000  # events: about 20 MB of ordinary ones


class PendingEvents:
    """A queue of events. Each has a number: that of its row in the spool, or a negative one while it is in memory."""

    def __init__(self, spool: Spool | None, max_in_memory: int = MAX_IN_MEMORY) -> None:
        self.spool = spool
        self.lost = 0
        self._in_memory: dict[int, Event] = {}
        self._max_in_memory = max_in_memory
        self._last_number = 0
        self._is_temporary = False
        self._last_warning = ""

    def __len__(self) -> int:
        return len(self._in_memory) + (0 if self.spool is None else len(self.spool))

    @property
    def location(self) -> str:
        """Where the events are, for messages."""
        return "memory" if self.spool is None else str(self.spool.path)

    def put(self, events: Sequence[Event]) -> None:
        if self.spool is None and len(self._in_memory) + len(events) > self._max_in_memory:
            self._create_temporary_spool()
        if not self._put_on_disk(events):
            self._put_in_memory(events)

    def peek(self, limit: int, max_bytes: int | None = None) -> list[tuple[int, Event]]:
        """The oldest events with their numbers: those on disk first, then those that the disk did not take."""
        found: list[tuple[int, Event]] = []
        if self.spool is not None and len(self.spool):
            self._try_on_disk(lambda spool: found.extend(spool.peek(limit, max_bytes)))
        return found or list(islice(self._in_memory.items(), limit))

    def remove(self, numbers: Iterable[int]) -> None:
        on_disk = [number for number in numbers if self._in_memory.pop(number, None) is None]
        if on_disk:
            self._try_on_disk(lambda spool: spool.remove(on_disk))

    def set_aside(self, number: int, reason: str) -> None:
        """Take the event out of the queue. On disk it is preserved, with the reason."""
        if self._in_memory.pop(number, None) is None:
            self._try_on_disk(lambda spool: spool.set_aside(number, reason))

    def close(self) -> None:
        """Leave on disk what is still pending, if the disk takes it."""
        if self._in_memory and self.spool is None:
            self._create_temporary_spool()
        if self._in_memory:
            logger.warning("%d events were never stored", len(self._in_memory))
            self.lost += len(self._in_memory)
        if self.spool is not None:
            self._close_spool(self.spool)

    def _put_on_disk(self, events: Sequence[Event]) -> bool:
        return self._try_on_disk(lambda spool: spool.put(events))

    def _put_in_memory(self, events: Sequence[Event]) -> None:
        for event in events:
            self._last_number -= 1
            self._in_memory[self._last_number] = event
        if (excess := len(self._in_memory) - self._max_in_memory) > 0:
            if not self.lost:
                text = "events are lost: neither persistence nor %s accepts them, and memory is full"
                logger.error(text, self.location)
            self.lost += excess
            for number in list(islice(self._in_memory, excess)):
                del self._in_memory[number]

    def _create_temporary_spool(self) -> None:
        """Move the events from memory to a file."""
        directory = Path(tempfile.mkdtemp(prefix="marcus-events-"))
        try:
            self.spool, self._is_temporary = Spool(directory / "0.db"), True
        except OSError as error:
            logger.warning("no spool can be created: %s", error)
            return
        for number, event in list(self._in_memory.items()):
            if self._put_on_disk([event]):
                del self._in_memory[number]

    def _try_on_disk(self, work: Callable[[Spool], None]) -> bool:
        """Whether there is a spool and it did the work."""
        if self.spool is None:
            return False
        try:
            work(self.spool)
        except SpoolFailed as error:
            self._warn_once(error)
            return False
        return True

    def _warn_once(self, error: SpoolFailed) -> None:
        if str(error) != self._last_warning:
            self._last_warning = str(error)
            logger.warning("the spool fails: %s", error)

    def _close_spool(self, spool: Spool) -> None:
        pending = len(spool)
        spool.close()
        if not self._is_temporary:
            return
        if pending:
            logger.warning("%d events were not stored; Events(spool=%r) stores them", pending, str(spool.path))
            return
        for file in list(spool.path.parent.iterdir()):
            file.unlink()
        spool.path.parent.rmdir()
