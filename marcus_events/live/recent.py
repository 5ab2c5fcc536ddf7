"""The newest events of the log, as they go out: shared by all who follow it, so that each holds only a position.

Who reads slowly costs nobody memory: what no longer stands here is read from the log.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Self

from marcus_events.core.event import RecordedEvent

MAX_HELD = 2_000  # events; a second or two under the heaviest load
MAX_BYTES = 2 * 1024 * 1024  # of them, as JSON


@dataclass(frozen=True)
class Held:
    """An event and its JSON, made once for all who are sent it."""

    event: RecordedEvent
    text: str

    @classmethod
    def of(cls, event: RecordedEvent) -> Self:
        return cls(event, json.dumps(event.to_dict(), ensure_ascii=False, separators=(",", ":")))

    @property
    def position(self) -> int:
        return self.event.position


class Recent:
    """Events without a hole, from after `start` up to the end of the log as far as it has been followed."""

    def __init__(self) -> None:
        self.start = 0
        self._held: deque[Held] = deque()
        self._bytes = 0

    def begin(self, position: int) -> None:
        """Hold nothing, and from now on what comes after this position."""
        self.start, self._bytes = position, 0
        self._held.clear()

    def add(self, events: Sequence[Held]) -> None:
        """Hold what comes next; the oldest give way."""
        self._held.extend(events)
        self._bytes += sum(len(held.text) for held in events)
        while len(self._held) > MAX_HELD or self._bytes > MAX_BYTES:
            oldest = self._held.popleft()
            self.start = oldest.position
            self._bytes -= len(oldest.text)

    def after(self, position: int, limit: int) -> list[Held] | None:
        """The next events after a position; None where they are no longer held."""
        if position < self.start:
            return None
        skipped = position - self.start
        return list(islice(self._held, skipped, skipped + limit))
