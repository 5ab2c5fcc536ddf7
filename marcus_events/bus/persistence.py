"""What `Events` asks of a place that keeps events.

`Persistence` is the documented one: anything with these two methods will do. What a place can do beyond it is asked of
it only where it can.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from marcus_events.core.event import Event
from marcus_events.core.predicates import EventPredicate


@runtime_checkable
class Persistence(Protocol):
    """Keeps events and gives the newest ones back, oldest first."""

    async def store_event(self, event: Event) -> None: ...

    async def get_events(
        self, event_type: str | None = None, source: str | None = None, limit: int = 100
    ) -> list[Event]: ...


@runtime_checkable
class BatchPersistence(Persistence, Protocol):
    """Keeps many at once, in one commit."""

    async def store_events(self, events: Sequence[Event]) -> None:
        """Store all of them. Raises Refused where some can never be stored; the others are stored then."""


class LogFollower(Protocol):
    """A log that is being listened to."""

    def wait_ready(self, timeout_s: float) -> bool:
        """Whether, within the time, everything that is published from now on is heard."""

    def close(self) -> None:
        """Return when nothing is called any more."""


@runtime_checkable
class SharedLog(BatchPersistence, Protocol):
    """Keeps events for many processes, and tells each of them what the others published."""

    def follow(self, hear: Callable[[Sequence[Event]], None]) -> LogFollower:
        """From now on call `hear`, in a thread of its own, with what is published by anyone, in the log's order; with
        nothing now and then, so that it can end this by raising."""

    def follow_durably(self, subscription: DurablyWanted, hear: Callable[[Event], None]) -> LogFollower:
        """Call `hear`, in a thread of its own, with each event that this subscription has not had; it raises when its
        handler failed."""

    async def send_live(self, event: Event) -> None:
        """Tell every process that follows, and keep nothing. Raises Refused where it may not be told."""

    async def flush_live(self) -> None:
        """Return when that has been told, or can't be at this time."""

    def events_after(self, event: Event) -> AsyncIterator[Event]:
        """Everything that stands behind an event, in the log's order; nothing where the log does not have it."""

    async def related(self, correlation_id: str) -> list[Event]:
        """The events of a correlation, in the log's order."""


@dataclass(frozen=True)
class DurablyWanted:
    """A durable subscription: its name, what it wants, and after which position it begins when it is new."""

    name: str
    patterns: tuple[str, ...]
    matches: EventPredicate
    after: int | None  # None: what is published from now on


class RejectedEvents(ValueError):
    """These events will never be taken, however often they are offered; the message says why."""

    def __init__(self, refusals: Mapping[int, str]) -> None:
        super().__init__("; ".join(sorted(set(refusals.values()))))
        self.refusals = dict(refusals)  # index in what was offered → reason
