"""The newest events of the log as JSON, shared by all programs that follow it: each keeps only its position.

A slow program takes no memory: events that are no longer here are read from the log. What programs with equal filters
at the same position are sent is found once for all of them.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from marcus_events.core.event import RecordedEvent
from marcus_events.core.filters import EventFilter

MAX_HELD = 2_000  # events; a second or two under the heaviest load
MAX_BYTES = 2 * 1024 * 1024  # of them, as JSON
MAX_SHARED = 1_000  # lists of events that match, between one batch of events and the next


@dataclass(frozen=True)
class Held:
    """An event and its JSON, which is made once for all connections."""

    event: RecordedEvent
    text: str

    @classmethod
    def of(cls, event: RecordedEvent) -> Self:
        return cls(event, json.dumps(event.to_dict(), ensure_ascii=False, separators=(",", ":")))

    @property
    def position(self) -> int:
        return self.event.position


@dataclass(frozen=True)
class Matching:
    """The events that match `wanted`; `through` is the position of the last one that was compared, None without any."""

    wanted: EventFilter
    events: list[Held]
    through: int | None


class Recent:
    """Events without a gap, from after `start` to the position that the hub has reached."""

    def __init__(self) -> None:
        self.start = 0
        self._held: deque[Held] = deque()
        self._bytes = 0
        self._shared: dict[tuple[int, int], Matching] = {}  # by the filter's identity and a position

    def begin(self, position: int) -> None:
        """Forget all events, and hold those after this position from now on."""
        self.start, self._bytes = position, 0
        self._held.clear()
        self._shared.clear()

    def add(self, events: Sequence[Held]) -> None:
        """Hold the next events; the oldest are dropped where they are too many."""
        self._shared.clear()
        self._held.extend(events)
        self._bytes += sum(len(held.text) for held in events)
        while len(self._held) > MAX_HELD or self._bytes > MAX_BYTES:
            oldest = self._held.popleft()
            self.start = oldest.position
            self._bytes -= len(oldest.text)

    def matching(self, wanted: EventFilter, position: int, limit: int) -> Matching | None:
        """Those of the next events after a position that match; None where they are no longer held."""
        key = id(wanted), position
        if found := self._shared.get(key):
            return found
        if (held := self.after(position, limit)) is None:
            return None
        if len(self._shared) >= MAX_SHARED:
            self._shared.clear()
        events = [each for each in held if wanted.matches(each.event)]
        self._shared[key] = Matching(wanted, events, held[-1].position if held else None)
        return self._shared[key]

    def after(self, position: int, limit: int) -> list[Held] | None:
        """The next events after a position; None where they are no longer held."""
        if position < self.start:
            return None
        held, skipped = self._held, position - self.start
        return [held[n] for n in range(skipped, min(skipped + limit, len(held)))]
