"""A frame of the hub as the HTML that a page is sent: its beat, its regions that have changed, and its new rows.

Every element carries an id and takes the place of the one in the page that has it (htmx calls that out of band); the
rows are put before the first of the stream.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from dashboard import fragments
from dashboard.look import Look
from dashboard.queries.stream import Gap
from marcus_events.live.hub import Frame


@dataclass
class Sent:
    """What a connection has been sent, so that it is sent only what is new to it."""

    regions: dict[str, str]

    def changed(self, regions: dict[str, str]) -> list[str]:
        fresh = [html for name, html in regions.items() if self.regions.get(name) != html]
        self.regions = regions
        return fresh


def as_html(frame: Frame, changed: list[str], rows: str, look: Look) -> str:
    """The beat comes first in the text, and is believed only when all of the frame has been taken in."""
    return beat(frame) + "".join(changed) + stream(frame, rows, look)


def beat(frame: Frame) -> SafeString:
    """What the page needs to know of the log: up to where it has been told, which log it is, and the server's time."""
    return format_html(
        '<div id="beat" data-head="{}" data-epoch="{}" data-at="{}"></div>',
        frame.head,
        frame.epoch,
        frame.at.isoformat(timespec="milliseconds"),
    )


def rows_of(frame: Frame) -> SafeString:
    """The new rows, newest first."""
    return fragments.rows(reversed(frame.events), frame.epoch)


def stream(frame: Frame, rows: str, look: Look) -> str:
    """The new rows below the gap that says what was shed after them."""
    gap = fragments.gap_row(gap_of(frame), look) if frame.missed else ""
    return wrapped(gap + rows) if gap or rows else ""


def gap_of(frame: Frame) -> Gap:
    return Gap((frame.missed_from or 1) - 1, (frame.missed_to or 0) + 1, frame.missed)


def wrapped(rows: str) -> str:
    return mark_safe(f'<ol hx-swap-oob="afterbegin:#stream">{rows}</ol>')  # noqa: S308 - made of rendered templates


def key_of_rows(frame: Frame) -> tuple[UUID, tuple[int, ...]]:
    """Whoever has the same key is sent the same rows."""
    return frame.epoch, tuple(event.position for event in frame.events)


def key(look: Look, frame: Frame, bucket: int) -> tuple[Look, UUID, int, int]:
    """Whoever has the same key is sent the same regions."""
    return look, frame.epoch, frame.projected, bucket
