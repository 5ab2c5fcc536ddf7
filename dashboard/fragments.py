"""Events as HTML: each is rendered once per process, however many people watch.

A row depends on the event alone, never on who looks or from where, so it can be kept. The cache is bounded, and it
forgets everything when the log becomes another one (a new epoch).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock
from uuid import UUID

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from dashboard.icons import icon_of
from dashboard.look import Look
from dashboard.queries.stream import Gap
from marcus_events.core.event import Recorded
from marcus_events.core.sentences import board_name, sentence
from marcus_events.core.vocabulary import meaning_of

MAX_KEPT = 5_000  # rows, about 1 kB each

_kept: OrderedDict[tuple[UUID, int], SafeString] = OrderedDict()
_lock = Lock()


def row(recorded: Recorded, epoch: UUID) -> SafeString:
    """The row of the stream for an event."""
    key = (epoch, recorded.position)
    with _lock:
        if found := _kept.get(key):
            return found
    return keep(key, render_row(recorded))


def keep(key: tuple[UUID, int], html: SafeString) -> SafeString:
    with _lock:
        if _kept and next(iter(_kept))[0] != key[0]:
            _kept.clear()
        _kept[key] = html
        while len(_kept) > MAX_KEPT:
            _kept.popitem(last=False)
    return html


def render_row(recorded: Recorded) -> SafeString:
    icon, tone = icon_of(recorded.event_type)
    context = {
        "event": recorded,
        "icon": icon,
        "tone": tone,
        "parts": sentence(recorded),
        "title": meaning_of(recorded.event_type).title,
        "board": board_name(recorded) if recorded.board_id else "",
    }
    return render_to_string("stream/_row.html", context)


def rows(events: Iterable[Recorded], epoch: UUID) -> SafeString:
    return mark_safe("".join(row(event, epoch) for event in events))  # noqa: S308 - made of rendered templates


def gap_row(gap: Gap, look: Look) -> SafeString:
    """The row that says how many events are not shown, and loads them."""
    return render_to_string("stream/_gap.html", {"gap": gap, "look": look})
