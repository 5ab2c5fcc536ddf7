"""What `Events` asks of a place that keeps events.

`Persistence` is the documented one: anything with these two methods will do. What a place can do beyond it is asked of
it only where it can.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from marcus_events.core.event import Event


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


class Refused(ValueError):
    """These events will never be taken, however often they are offered; the message says why."""

    def __init__(self, refusals: Mapping[int, str]) -> None:
        super().__init__("; ".join(sorted(set(refusals.values()))))
        self.refusals = dict(refusals)  # index in what was offered → reason
