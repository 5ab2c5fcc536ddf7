"""One page's subscription to the hub: matching events, in frames at the pace of a reader.

A frame comes at most five times a second, since nobody reads faster, and at least every five seconds, so that a dead
connection is noticed. While events keep coming, all connections have their frames at the same moments, so that what is
rendered for one is what the others need. The buffer is bounded: what does not fit is counted, and the frame says how
much is missing and between which positions. So a slow page loses nothing silently, and takes no more memory than
others.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from marcus_events.core.event import RecordedEvent, utc_now
from marcus_events.core.event_types import EventTypes

FRAME_EVERY_S = 0.2  # five frames a second
HEARTBEAT_S = 5.0  # a connection without two of them is dead
BUFFER = 500  # events for one connection: two minutes of a lively project

FrameMatcher = Callable[[RecordedEvent], bool]


class LogState:
    """What the hub knows about the log."""

    def __init__(self) -> None:
        self.head = 0  # the newest position that the event loop was given
        self.projected = 0  # the position up to which the state that pages show was projected
        self.behind_s = 0  # how many seconds that state is behind the log; 0 while nobody would notice
        self.search_behind_s = 0  # the same of the search index
        self.epoch = UUID(int=0)  # changes when positions no longer mean the same events
        self.last_redaction = 0  # position of the newest record of a redaction


@dataclass(frozen=True)
class Frame:
    """What one connection is sent next, with the state of the log.

    `behind_s` and `search_behind_s` are those of LogState. `events` are in order. After them, `missed` matching events
    did not fit, between the positions `missed_from` and `missed_to`. Pages rendered before `last_redaction` may show
    redacted text.
    """

    events: list[RecordedEvent]
    missed: int
    missed_from: int | None
    missed_to: int | None
    head: int
    projected: int
    epoch: UUID
    last_redaction: int = 0
    behind_s: int = 0
    search_behind_s: int = 0
    at: datetime = field(default_factory=utc_now)


class HubSubscription:
    """Matching events from the moment of its creation. Iterate over it for frames."""

    def __init__(self, log: LogState, matches: FrameMatcher) -> None:
        self._log = log
        self._matches = matches
        self._events: deque[RecordedEvent] = deque()
        self._missed = 0
        self._missed_from: int | None = None
        self._missed_to: int | None = None
        self._news = asyncio.Event()
        self._last_frame = float("-inf")

    def deliver(self, events: list[RecordedEvent]) -> None:
        for event in events:
            if event.event_type == EventTypes.EVENT_REDACTED:
                self._discard(event.data.get("position"))
            if self._matches(event):
                self._buffer(event)

    def wake(self) -> None:
        """Send a frame soon, also without events."""
        self._news.set()

    def __aiter__(self) -> AsyncIterator[Frame]:
        return self._frames()

    def _discard(self, position: object) -> None:
        """Do not send an event that was redacted meanwhile. The page reloads, and shows what is left of it."""
        self._events = deque(event for event in self._events if event.position != position)
        self._news.set()

    def _buffer(self, event: RecordedEvent) -> None:
        """Buffer the event, or count it as missed. From the first missed one to the next frame all are missed."""
        if len(self._events) < BUFFER and not self._missed:
            self._events.append(event)
        else:
            self._missed += 1
            self._missed_from = self._missed_from or event.position
            self._missed_to = event.position
        self._news.set()

    async def _frames(self) -> AsyncIterator[Frame]:
        while True:
            await self._next_frame_is_due()
            yield self._empty_buffer()

    async def _next_frame_is_due(self) -> None:
        """Wait for news or the heartbeat, and for the end of the interval in which the last frame was sent."""
        try:
            async with asyncio.timeout(HEARTBEAT_S):
                await self._news.wait()
        except TimeoutError:
            pass
        clock = asyncio.get_running_loop().time
        await asyncio.sleep(max(0.0, interval_end(self._last_frame) - clock()))
        self._last_frame = clock()

    def _empty_buffer(self) -> Frame:
        self._news.clear()
        log = self._log
        missed = self._missed, self._missed_from, self._missed_to
        frame = Frame(
            list(self._events),
            *missed,
            log.head,
            log.projected,
            log.epoch,
            log.last_redaction,
            log.behind_s,
            log.search_behind_s,
        )
        self._events.clear()
        self._missed, self._missed_from, self._missed_to = 0, None, None
        return frame


def interval_end(at: float) -> float:
    """Return the end of the interval that a time is in. Intervals are the same for all connections."""
    return (math.floor(at / FRAME_EVERY_S) + 1) * FRAME_EVERY_S if math.isfinite(at) else at
