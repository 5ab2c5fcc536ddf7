"""Events as HTML: each is rendered once per process, however many people watch.

A row depends on the event, and on what its task and agent were called when it was first shown; never on who looks, or
from where. So it can be kept. The cache is bounded, and forgets everything when the log is another one (a new epoch),
or an event was redacted.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock
from uuid import UUID

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from dashboard.bursts import burst_of
from dashboard.icons import icon_of
from dashboard.look import Look
from dashboard.queries.naming import named
from dashboard.queries.stream import Gap
from marcus_events.core.event import Recorded
from marcus_events.core.redacted import is_redacted
from marcus_events.core.sentences import board_name, sentence
from marcus_events.core.vocabulary import meaning_of
from marcus_events.live.hub import get_hub

MAX_KEPT = 5_000  # rows, about 1 kB each

Key = tuple[UUID, int, int, bool]  # epoch, redactions that were seen, position, whether redacted

_kept: OrderedDict[Key, SafeString] = OrderedDict()
_lock = Lock()


def rows(events: Iterable[Recorded], epoch: UUID) -> SafeString:
    """The rows of the stream for these events, in their order."""
    return mark_safe("".join(each(events, epoch)))  # noqa: S308 - made of rendered templates


def each(events: Iterable[Recorded], epoch: UUID) -> list[SafeString]:
    """A row for each event. Asks the database for the names that they lack."""
    wanted = list(events)
    found = {event.position: html for event in wanted if (html := kept(event, epoch))}
    for event in named([event for event in wanted if event.position not in found]):
        found[event.position] = keep(key_of(event, epoch), render_row(event))
    return [found[event.position] for event in wanted]


def key_of(event: Recorded, epoch: UUID) -> Key:
    """One that was redacted has another row, and the names in others may have come from it."""
    return epoch, get_hub().redactions, event.position, is_redacted(event.data)


def kept(event: Recorded, epoch: UUID) -> SafeString | None:
    with _lock:
        return _kept.get(key_of(event, epoch))


def keep(key: Key, html: SafeString) -> SafeString:
    with _lock:
        if _kept and next(iter(_kept))[:2] != key[:2]:
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
        "burst": burst_of(recorded),
    }
    return render_to_string("stream/_row.html", context)


def gap_row(gap: Gap, look: Look) -> SafeString:
    """The row that says how many events are not shown, and loads them."""
    return render_to_string("stream/_gap.html", {"gap": gap, "look": look})
