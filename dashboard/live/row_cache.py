"""Renders events as rows and caches them: each row is rendered once per process, whatever the number of viewers.

A row depends on the event, on the names of its task and agent when it was first shown, and on whether the event is
masked for the viewer (`search.masking`); on nothing else about the viewer or page. The cache is bounded and cleared
when the log has a new epoch or an event was redacted.
"""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock
from typing import Protocol
from uuid import UUID

from cachetools import FIFOCache
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from dashboard.icons import icon_of
from dashboard.live.page_state import PageState
from dashboard.queries.event_stream import Gap
from dashboard.queries.labels import named
from dashboard.row_grouping import group_key
from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_types import meaning_of
from marcus_events.core.redaction_marker import is_redacted
from marcus_events.core.sentences import board_name, sentence
from marcus_events.search.masking import is_masked

MAX_ROWS = 5_000  # rows, about 1 kB each

RowKey = tuple[UUID, int, int, bool, bool]  # epoch, last redaction, position, whether redacted, whether masked


class Version(Protocol):
    """The state of the log that rows are made from: a `Head` or `Frame` taken before the events and names were read."""

    @property
    def epoch(self) -> UUID: ...
    @property
    def last_redaction(self) -> int: ...


_cache: FIFOCache[RowKey, SafeString] = FIFOCache(MAX_ROWS)
_lock = Lock()


def rows_html(events: Iterable[RecordedEvent], version: Version) -> SafeString:
    """Return the rows of these events, in order."""
    return mark_safe("".join(render_rows(events, version)))  # noqa: S308 - made of rendered templates


def render_rows(events: Iterable[RecordedEvent], version: Version) -> list[SafeString]:
    """Return one row per event. Reads missing names from the database."""
    wanted = list(events)
    found = {event.position: html for event in wanted if (html := cached(event, version))}
    for event in named([event for event in wanted if event.position not in found]):
        found[event.position] = store(row_key(event, version), render_row(event))
    return [found[event.position] for event in wanted]


def row_key(event: RecordedEvent, version: Version) -> RowKey:
    """Redaction is part of the key: names in other rows may have come from a redacted event."""
    return version.epoch, version.last_redaction, event.position, is_redacted(event.data), is_masked(event)


def cached(event: RecordedEvent, version: Version) -> SafeString | None:
    with _lock:
        return _cache.get(row_key(event, version))


def store(key: RowKey, html: SafeString) -> SafeString:
    with _lock:
        if _cache and next(iter(_cache))[:2] != key[:2]:
            _cache.clear()
        _cache[key] = html
    return html


def render_row(recorded: RecordedEvent) -> SafeString:
    icon, tone = icon_of(recorded.event_type)
    context = {
        "event": recorded,
        "icon": icon,
        "tone": tone,
        "parts": sentence(recorded),
        "title": meaning_of(recorded.event_type).title,
        "board": board_name(recorded) if recorded.board_id else "",
        "burst": group_key(recorded),
    }
    return render_to_string("stream/_row.html", context)


def render_gap(gap: Gap, page_state: PageState) -> SafeString:
    """Render the row that counts the events not shown and loads them."""
    return render_to_string("stream/_gap.html", {"gap": gap, "page_state": page_state})
