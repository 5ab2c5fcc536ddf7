"""Renders a frame of the hub as HTML messages: the beat, changed regions, and new rows.

Each element replaces the page's element with the same id (an htmx out-of-band swap); rows are inserted at the top of
the stream.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from dashboard.live import row_cache
from dashboard.live.page_state import PageState
from dashboard.queries.event_stream import Gap
from marcus_events.live.hub_subscription import Frame
from marcus_events.search.masking import masked

MAX_MESSAGE = 512 * 1024  # bytes; servers close the connection when a message exceeds 1 MiB
ONE_SECOND_BYTES = 64 * 1024  # size of a region that may be sent once per second; half of it, four times
MAX_INTERVAL_S = 10.0
AGE = re.compile(r"(<time [^>]*>)[^<]*")  # relative times, which the page updates itself


@dataclass(frozen=True)
class Region:
    """`comparable` is the HTML without relative times: it decides whether the region has changed."""

    html: str
    comparable: str


def strip_ages(rendered: dict[str, str]) -> dict[str, Region]:
    return {name: Region(html, AGE.sub(r"\1", html)) for name, html in rendered.items()}


class SentRegions:
    """What a connection has received, so that only changes are sent.

    A region is sent, parsed and laid out as a whole. So the larger it is, the longer it waits before it is sent again:
    not at all if small, seconds for a picture of hundreds of tasks.
    """

    def __init__(self) -> None:
        self._comparable: dict[str, str] = {}
        self._next_send_at: dict[str, float] = {}
        self.has_delayed = False  # whether a changed region must wait

    def pop_due(self, regions: dict[str, Region], now: float) -> dict[str, str]:
        """Return the changed regions that may be sent at `now` (in seconds of any clock) and record them as sent."""
        differing = {
            name: region for name, region in regions.items() if self._comparable.get(name) != region.comparable
        }
        due = {name: region for name, region in differing.items() if now >= self._next_send_at.get(name, now)}
        self.has_delayed = len(due) < len(differing)
        for name, region in due.items():
            self._comparable[name] = region.comparable
            self._next_send_at[name] = now + interval_s(size(region.html))
        return {name: region.html for name, region in due.items()}


def interval_s(number: int) -> float:
    """Return the minimum interval between two versions of a region of `number` bytes."""
    return min((number / ONE_SECOND_BYTES) ** 2, MAX_INTERVAL_S)


def region_messages(frame: Frame, due: dict[str, str]) -> list[str]:
    """Return the messages for these regions. The beat comes last: it tells the page that the server is there."""
    regions = [html if size(html) <= MAX_MESSAGE else render_too_large(name) for name, html in due.items()]
    return pack([*regions, render_beat(frame)])


def row_messages(frame: Frame, page_state: PageState) -> list[str]:
    """Return the messages for the rows of a frame. The beat comes last: the page has all rows up to its head."""
    rows = render_rows(frame, page_state.visibility.boards)
    return stream_messages(frame, [*render_gap(frame, page_state), *rows])


def stream_messages(frame: Frame, rows: Sequence[str]) -> list[str]:
    """Return messages with one list of rows each. A list with all rows of its frame states which events they are."""
    parts = pack(rows)
    extent = render_extent(frame) if len(parts) == 1 else ""
    return pack([*(stream_fragment(part, extent) for part in parts), render_beat(frame)])


def pack(parts: Sequence[str]) -> list[str]:
    """Join consecutive parts as far as they fit into one message."""
    found: list[list[str]] = []
    room = 0
    for part in parts:
        needed = size(part)
        if needed > room or not found:
            found.append([])
            room = MAX_MESSAGE
        found[-1].append(part)
        room -= needed
    return ["".join(together) for together in found]


def size(text: str) -> int:
    return len(text.encode())


def render_too_large(name: str) -> SafeString:
    text = "This section is too large to update live. Reload the page to see it."
    return format_html('<p id="{}" class="nothing">{}</p>', name, text)


def render_beat(frame: Frame) -> SafeString:
    """Render what the page needs to know about the log: its head, epoch, the server's time, the last redaction, and how
    many seconds the tables and the search index are behind.
    """
    return format_html(
        '<div id="beat" data-head="{}" data-epoch="{}" data-at="{}" data-redaction="{}" data-behind="{}"'
        ' data-search-behind="{}"></div>',
        frame.head,
        frame.epoch,
        frame.at.isoformat(timespec="milliseconds"),
        frame.last_redaction,
        frame.behind_s,
        frame.search_behind_s,
    )


def render_rows(frame: Frame, boards: frozenset[str] | None) -> list[SafeString]:
    """Render the new rows, newest first, for viewers of these boards."""
    return row_cache.render_rows(reversed(masked(frame.events, boards)), frame)


def render_gap(frame: Frame, page_state: PageState) -> list[SafeString]:
    """Render the row for events that the frame left out, if any."""
    if not frame.missed:
        return []
    return [
        row_cache.render_gap(Gap((frame.missed_from or 1) - 1, (frame.missed_to or 0) + 1, frame.missed), page_state)
    ]


def stream_fragment(rows: str, extent: str) -> str:
    opening = f'<ol hx-swap-oob="afterbegin:#stream"{extent}>'
    return mark_safe(f"{opening}{rows}</ol>")  # noqa: S308 - made of rendered templates


def render_extent(frame: Frame) -> SafeString:
    """Render what a page needs to show a gap in place of the rows: how many events, and between which positions."""
    positions = [event.position for event in frame.events] + [at for at in (frame.missed_from, frame.missed_to) if at]
    count = len(frame.events) + frame.missed
    extent = ' data-count="{}" data-after="{}" data-position="{}"'
    return format_html(extent, count, min(positions) - 1, max(positions) + 1)


def rows_key(frame: Frame, page_state: PageState) -> tuple[object, ...]:
    """Return a key that is equal for viewers who receive the same rows. A gap has links to the page that it is on."""
    positions = tuple(event.position for event in frame.events)
    gap = (frame.missed, frame.missed_from, frame.missed_to, page_state) if frame.missed else ()
    return frame.epoch, frame.last_redaction, frame.head, positions, gap, page_state.visibility.boards


def regions_key(page_state: PageState, frame: Frame, bucket: int) -> tuple[PageState, UUID, int, int, int]:
    """Return a key that is equal for viewers who receive the same regions."""
    return page_state, frame.epoch, frame.last_redaction, frame.projected, bucket
