"""Which stretch of time a timeline shows, and where its axis has marks. Pure functions.

A timeline that ends now ends at the next full column: so it is drawn anew when it has moved by a pixel, and the
viewers of the same page are sent the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dashboard.charts.bars import axis_form
from dashboard.timeline.status_intervals import Window
from dashboard.timeline.timeline_layout import COLUMNS
from marcus_events.core.event import EARLIEST, InvalidEvent, parse_timestamp
from marcus_events.core.filters import as_text

START = datetime(2000, 1, 3, tzinfo=UTC)  # a Monday, from which marks and columns are counted


@dataclass(frozen=True)
class TimeSpan:
    """`mark` is how far apart the marks are."""

    words: str
    length: timedelta
    mark: timedelta

    @property
    def form(self) -> str:
        """How a mark's time is written."""
        return axis_form(self.length)


SPANS = {
    "1h": TimeSpan("1 hour", timedelta(hours=1), timedelta(minutes=10)),
    "6h": TimeSpan("6 hours", timedelta(hours=6), timedelta(hours=1)),
    "24h": TimeSpan("24 hours", timedelta(days=1), timedelta(hours=3)),
    "7d": TimeSpan("7 days", timedelta(days=7), timedelta(days=1)),
}
DEFAULT = "1h"


@dataclass(frozen=True)
class Mark:
    """`left` is in percent of the lane."""

    at: datetime
    left: float


def span_of(name: str) -> TimeSpan:
    return SPANS.get(name, SPANS[DEFAULT])


def ending(until: str, now: datetime) -> datetime | None:
    """Where a timeline is to end; None for now, and for what is no time or not yet past."""
    try:
        moment = parse_timestamp(until) if until else now
    except InvalidEvent:
        return None
    return max(moment, EARLIEST + timedelta(days=7)) if moment < now else None


def window(span: TimeSpan, until: datetime | None, now: datetime) -> Window:
    end = until or next_column(now, span.length)
    return Window(end - span.length, end)


def next_column(now: datetime, length: timedelta) -> datetime:
    column = length / COLUMNS
    return START - (START - now) // column * column


def marks(span: TimeSpan, shown: Window) -> list[Mark]:
    return [Mark(at, round((at - shown.since) / shown.length * 100, 3)) for at in moments(span, shown)]


def moments(span: TimeSpan, shown: Window) -> Iterator[datetime]:
    at = START - (START - shown.since) // span.mark * span.mark
    while at < shown.until:
        yield at
        at += span.mark


def earlier(shown: Window) -> str:
    """The `until` of the stretch before this one."""
    return as_text(shown.since)


def later(shown: Window, now: datetime) -> str:
    """The `until` of the stretch after this one; "" for now."""
    end = shown.until + shown.length
    return as_text(end) if end < now else ""
