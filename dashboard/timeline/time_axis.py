"""The time span of a timeline and the marks of its axis. Pure functions.

A timeline that ends now ends at the next full column. So it changes only when it has moved by a pixel, and all viewers
of a page receive the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dashboard.charts.bars import axis_form
from dashboard.timeline.status_intervals import Window
from dashboard.timeline.timeline_layout import COLUMNS
from marcus_events.core.event import EARLIEST, InvalidEvent, parse_timestamp
from marcus_events.core.filters import format_moment

ORIGIN = datetime(2000, 1, 3, tzinfo=UTC)  # a Monday; marks and columns are multiples from here


@dataclass(frozen=True)
class TimeSpan:
    """`mark` is the distance between marks."""

    words: str
    length: timedelta
    mark: timedelta

    @property
    def form(self) -> str:
        """The format of a mark's time."""
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
    """`left` is in percent of the lane's width."""

    at: datetime
    left: float


def span_of(name: str) -> TimeSpan:
    return SPANS.get(name, SPANS[DEFAULT])


def parse_end(until: str, now: datetime) -> datetime | None:
    """Parse the end of a timeline; None for now, and for text that is no past time."""
    try:
        moment = parse_timestamp(until) if until else now
    except InvalidEvent:
        return None
    return max(moment, EARLIEST + timedelta(days=7)) if moment < now else None


def window_of(span: TimeSpan, until: datetime | None, now: datetime) -> Window:
    end = until or next_column(now, span.length)
    return Window(end - span.length, end)


def next_column(now: datetime, length: timedelta) -> datetime:
    column = length / COLUMNS
    return ORIGIN - (ORIGIN - now) // column * column


def marks(span: TimeSpan, shown: Window) -> list[Mark]:
    return [Mark(at, round((at - shown.since) / shown.length * 100, 3)) for at in mark_times(span, shown)]


def mark_times(span: TimeSpan, shown: Window) -> Iterator[datetime]:
    at = ORIGIN - (ORIGIN - shown.since) // span.mark * span.mark
    while at < shown.until:
        yield at
        at += span.mark


def earlier_until(shown: Window) -> str:
    """Return the `until` of the previous time span."""
    return format_moment(shown.since)


def later_until(shown: Window, now: datetime) -> str:
    """Return the `until` of the next time span; "" for now."""
    end = shown.until + shown.length
    return format_moment(end) if end < now else ""
