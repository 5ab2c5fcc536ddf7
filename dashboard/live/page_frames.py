"""A frame of the hub as the HTML that a page is sent: its beat, its regions that have changed, and its new rows.

Every element carries an id and takes the place of the one in the page that has it (htmx calls that out of band); the
rows are put before the first of the stream.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from dashboard.live import row_cache
from dashboard.live.page_state import PageState
from dashboard.queries.event_stream import Gap
from marcus_events.live.hub_subscription import Frame
from marcus_events.search.masking import masked

MAX_MESSAGE = 512 * 1024  # bytes; servers refuse to send one of more than 1 MiB, and the connection with it
A_SECONDS_WORTH = 64 * 1024  # bytes of a region that may be sent once a second; half of it, four times
LONGEST_WAIT_S = 10.0
AGE = re.compile(r"(<time [^>]*>)[^<]*")  # how long ago, in words: the page keeps that up to date by itself


@dataclass(frozen=True)
class Region:
    """`ageless` is what tells whether it has changed: everything but how long ago something was."""

    html: str
    ageless: str


def without_ages(rendered: dict[str, str]) -> dict[str, Region]:
    return {name: Region(html, AGE.sub(r"\1", html)) for name, html in rendered.items()}


class Sent:
    """What a connection has been sent, so that it is sent only what is new to it.

    A region is sent whole, and read and laid out whole by the browser. So the larger it is, the longer it waits until
    it is sent again: not at all where it is small, seconds where it is a picture of hundreds of tasks.
    """

    def __init__(self) -> None:
        self._ageless: dict[str, str] = {}
        self._waits_until: dict[str, float] = {}
        self.waiting = False  # whether any region has changed and waits

    def changed(self, regions: dict[str, Region], now: float) -> dict[str, str]:
        """The regions to be sent now (in seconds of any clock): those that differ in more than the age of something."""
        differing = {name: region for name, region in regions.items() if self._ageless.get(name) != region.ageless}
        due = {name: region for name, region in differing.items() if now >= self._waits_until.get(name, now)}
        self.waiting = len(due) < len(differing)
        for name, region in due.items():
            self._ageless[name] = region.ageless
            self._waits_until[name] = now + interval_s(size(region.html))
        return {name: region.html for name, region in due.items()}


def interval_s(number: int) -> float:
    """How long a region of so many bytes stays as it is, at the least."""
    return min((number / A_SECONDS_WORTH) ** 2, LONGEST_WAIT_S)


def messages(frame: Frame, changed: dict[str, str], rows: list[SafeString], page_state: PageState) -> list[str]:
    """A frame, in as many messages as it takes. The beat comes last: then the page believes that it has everything."""
    regions = [html if size(html) <= MAX_MESSAGE else too_large(name) for name, html in changed.items()]
    streams = [wrapped(part) for part in packed([*gap_of(frame, page_state), *rows])]
    return packed([*regions, *streams, beat(frame)])


def packed(parts: list[str]) -> list[str]:
    """The parts in their order, put together as long as they fit into one message."""
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


def too_large(name: str) -> SafeString:
    text = "This section is too large to update live. Reload the page to see it."
    return format_html('<p id="{}" class="nothing">{}</p>', name, text)


def beat(frame: Frame) -> SafeString:
    """What the page needs to know of the log: up to where it has been told, which log it is, the server's time, and
    whether anything was redacted since the page was made.
    """
    return format_html(
        '<div id="beat" data-head="{}" data-epoch="{}" data-at="{}" data-redaction="{}"></div>',
        frame.head,
        frame.epoch,
        frame.at.isoformat(timespec="milliseconds"),
        frame.last_redaction,
    )


def rows_of(frame: Frame, seen: frozenset[str] | None) -> list[SafeString]:
    """The new rows, newest first, for whoever sees these boards."""
    return row_cache.each(reversed(masked(frame.events, seen)), frame)


def gap_of(frame: Frame, page_state: PageState) -> list[SafeString]:
    """The row that says what was shed after the others, where anything was."""
    if not frame.missed:
        return []
    return [row_cache.gap_row(Gap((frame.missed_from or 1) - 1, (frame.missed_to or 0) + 1, frame.missed), page_state)]


def wrapped(rows: str) -> str:
    return mark_safe(f'<ol hx-swap-oob="afterbegin:#stream">{rows}</ol>')  # noqa: S308 - made of rendered templates


def key_of_rows(frame: Frame, seen: frozenset[str] | None) -> tuple[UUID, int, tuple[int, ...], frozenset[str] | None]:
    """Whoever has the same key is sent the same rows."""
    return frame.epoch, frame.last_redaction, tuple(event.position for event in frame.events), seen


def key(page_state: PageState, frame: Frame, bucket: int) -> tuple[PageState, UUID, int, int, int]:
    """Whoever has the same key is sent the same regions."""
    return page_state, frame.epoch, frame.last_redaction, frame.projected, bucket
