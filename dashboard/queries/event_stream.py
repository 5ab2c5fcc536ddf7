"""Reads the event stream by position, newest first, and counts what is left out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from marcus_events import search
from marcus_events.core.event import RecordedEvent
from marcus_events.core.filters import EventFilter
from marcus_events.log import read
from marcus_events.log.read import Head

PAGE = 80  # rows of a new page, and of "load older"
RESUME = 200  # rows loaded when catching up; more are counted and loaded on demand
COUNT_CAP = 10_000  # counting stops here: "10,000+"
MANY = 1_000  # events; in so many there is something to see
WORK = EventFilter().with_term("category", "audit", exclude=True)


@dataclass(frozen=True)
class Gap:
    """Events between two positions (both exclusive) that are not shown; `capped` if there are more than `count`."""

    after: int
    before: int
    count: int
    capped: bool = False


@dataclass(frozen=True)
class StreamRows:
    """Events, newest first, and the gap between the last of them and `after`."""

    events: list[RecordedEvent]
    gap: Gap | None = None
    older: int | None = None  # position before which there may be more


def head() -> Head:
    """The newest position of the log, and what else tells this state of it from others."""
    return read.head()


def kept_since() -> datetime | None:
    """When the oldest event was recorded; None where none was ever removed before it."""
    return read.kept_since()


def is_untouched(head: Head) -> bool:
    """Nobody has used the log yet. That somebody signs in to see it does not count."""
    return head.position < MANY and not read.events(WORK, limit=1)


def opening(wanted: EventFilter, limit: int = PAGE, before: int | None = None) -> StreamRows:
    """The newest rows, or those before a position. Raises QueryTimeout."""
    found = search.page(wanted, before=before, limit=limit)
    return StreamRows(found.events, older=found.events[-1].position if found.has_more else None)


def between(wanted: EventFilter, after: int, before: int | None = None, limit: int = RESUME) -> StreamRows:
    """The newest rows after a position (and before another), and a gap for those that are not among them.

    Raises QueryTimeout.
    """
    found = search.page(wanted, after=after, before=before, limit=limit)
    return StreamRows(found.events, gap(wanted, after, found.events[-1].position) if found.has_more else None)


def gap(wanted: EventFilter, after: int, before: int) -> Gap:
    """Count the matches between two positions, up to COUNT_CAP."""
    left = search.count_between(wanted, after, before, COUNT_CAP + 1)
    return Gap(after, before, min(left, COUNT_CAP), left > COUNT_CAP)
