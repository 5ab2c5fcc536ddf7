"""The protocols of a persistence, from the documented minimum to a log that several processes share.

`Persistence` is the documented one: any object with these two methods will do. `Events` uses the methods of the other
protocols only where a persistence has them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from marcus_events.core.event import Event
from marcus_events.core.predicates import EventPredicate


@runtime_checkable
class Persistence(Protocol):
    """Stores events and returns the newest ones, oldest first."""

    async def store_event(self, event: Event) -> None: ...

    async def get_events(
        self, event_type: str | None = None, source: str | None = None, limit: int = 100
    ) -> list[Event]: ...


@runtime_checkable
class BatchPersistence(Persistence, Protocol):
    """Stores many events in one commit."""

    async def store_events(self, events: Sequence[Event]) -> None:
        """Store all of them. Raises RejectedEvents for those that can never be stored; the others are stored then."""


@runtime_checkable
class PacedPersistence(Persistence, Protocol):
    """Can ask publishers to slow down. `Events` then waits before it stores, for at most MAX_PACE_S."""

    def is_slowing(self) -> bool:
        """Whether to wait. Returns at once."""


class LogFollower(Protocol):
    """A thread that follows a log."""

    def wait_ready(self, timeout_s: float) -> bool:
        """Wait until no event that is published from now on will be missed; return whether it was within the time."""

    def close(self) -> None:
        """Stop; return when no callback runs any more."""


@runtime_checkable
class SharedLog(BatchPersistence, Protocol):
    """A log that several processes share: each receives what the others publish."""

    def follow(self, receive: Callable[[Sequence[Event]], None]) -> LogFollower:
        """Call `receive`, in a thread of its own, with everything that any process publishes from now on, in the order
        of the log. It is also called with nothing now and then, so that it can end the thread by raising."""

    def follow_durably(self, subscription: DurableSubscription, handle: Callable[[Event], None]) -> LogFollower:
        """Call `handle`, in a thread of its own, with each event that this subscription has not handled yet. It raises
        when the handler failed."""

    async def send_live(self, event: Event) -> None:
        """Send the event to every process that follows, without storing it. Raises RejectedEvents."""

    async def flush_live(self) -> None:
        """Return when these events have been sent, or cannot be sent at present."""

    def events_after(self, event: Event) -> AsyncIterator[Event]:
        """All events after the given one, in the order of the log; none if the log does not have it."""

    async def related(self, correlation_id: str) -> list[Event]:
        """The events of a correlation, in the order of the log."""


@dataclass(frozen=True)
class DurableSubscription:
    """A durable subscription: its name, which events it wants, and the position after which it begins when new."""

    name: str
    patterns: tuple[str, ...]
    matches: EventPredicate
    after: int | None  # None: what is published from now on


class RejectedEvents(ValueError):
    """Some events can never be stored, however often they are retried; the message says why."""

    def __init__(self, refusals: Mapping[int, str]) -> None:
        super().__init__("; ".join(sorted(set(refusals.values()))))
        self.refusals = dict(refusals)  # index in the stored sequence → reason
