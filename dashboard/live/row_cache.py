"""Renders events as HTML rows: each once per process, however many people watch.

A row depends on the event, on the names of its task and agent when it was first shown, and on whether the event is
masked for the reader (`search.masking`); on nothing else of the reader or the page. So rows can be cached. The cache is
bounded, and is cleared when the log is another one (a new epoch), or when an event was redacted.
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
from dashboard.live.row_grouping import burst_of
from dashboard.queries.event_stream import Gap
from dashboard.queries.labels import named
from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_types import meaning_of
from marcus_events.core.redaction_marker import is_redacted
from marcus_events.core.sentences import board_name, sentence
from marcus_events.search.masking import is_masked

MAX_ROWS_CACHED = 5_000  # about 1 kB each

RowKey = tuple[UUID, int, int, bool, bool]  # epoch, last redaction, position, whether redacted, whether masked


class Version(Protocol):
    """Which state of the log rows are made of: a `Head` or a `Frame`, from before the events and names were read."""

    @property
    def epoch(self) -> UUID: ...
    @property
    def last_redaction(self) -> int: ...


_cache: FIFOCache[RowKey, SafeString] = FIFOCache(MAX_ROWS_CACHED)
_lock = Lock()


def rows(events: Iterable[RecordedEvent], version: Version) -> SafeString:
    """The rows of the stream for these events, in their order."""
    return mark_safe("".join(each(events, version)))  # noqa: S308 - made of rendered templates


def each(events: Iterable[RecordedEvent], version: Version) -> list[SafeString]:
    """A row for each event. Asks the database for the names that they lack."""
    wanted = list(events)
    found = {event.position: html for event in wanted if (html := cached(event, version))}
    for event in named([event for event in wanted if event.position not in found]):
        found[event.position] = keep(key_of(event, version), render_row(event))
    return [found[event.position] for event in wanted]


def key_of(event: RecordedEvent, version: Version) -> RowKey:
    """One that was redacted has another row, and the names in others may have come from it."""
    return version.epoch, version.last_redaction, event.position, is_redacted(event.data), is_masked(event)


def cached(event: RecordedEvent, version: Version) -> SafeString | None:
    with _lock:
        return _cache.get(key_of(event, version))


def keep(key: RowKey, html: SafeString) -> SafeString:
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
        "burst": burst_of(recorded),
    }
    return render_to_string("stream/_row.html", context)


def gap_row(gap: Gap, page_state: PageState) -> SafeString:
    """The row that says how many events are not shown, and loads them."""
    return render_to_string("stream/_gap.html", {"gap": gap, "page_state": page_state})
