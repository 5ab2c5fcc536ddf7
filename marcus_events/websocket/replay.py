"""Where the next events of a subscription are read: among the newest that the hub holds, or else in the log.

It does not matter which of the two it was: both have every event after a position, in order. So nothing is lost or
comes twice between them, however often a slow reader falls back.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple
from uuid import UUID
from weakref import WeakValueDictionary

from marcus_events import search
from marcus_events.core.filters import EventFilter
from marcus_events.http.worker_threads import REPLAY_THREADS, run_in_thread
from marcus_events.live.hub import Hub
from marcus_events.live.recent import Held
from marcus_events.log import read
from marcus_events.search.masking import masked

AT_ONCE = 200  # events
BYTES_AT_ONCE = 256 * 1024  # of them: this is all that a connection holds, beside its subscriptions
SPAN = 50_000  # positions looked through at once: a filter that hardly anything matches must not keep a thread
SPAN_OF_WORDS = 2_000


_filters: WeakValueDictionary[EventFilter, EventFilter] = WeakValueDictionary()


def shared_filter(wanted: EventFilter) -> EventFilter:
    """The same object for all filters that are equal, by which `Recent` finds what it has found already."""
    return _filters.setdefault(wanted, wanted)


class ReplayPage(NamedTuple):
    """All that matches up to `through`. `head` is the newest position then; before `oldest`, nothing is kept."""

    events: Sequence[Held]
    through: int
    head: int
    oldest: int
    epoch: UUID


async def page(hub: Hub, wanted: EventFilter, after: int, epoch: UUID) -> ReplayPage:
    """The events after a position. In another epoch, positions mean other events. Raises one of DATABASE_ERRORS."""
    found = hub.recent.matching(wanted, after, AT_ONCE) if hub.epoch == epoch else None
    if found is None:
        return await run_in_thread(REPLAY_THREADS, partial(of_log, wanted, after))
    through = max(after, hub.head) if found.through is None else found.through
    matching = found.events
    if wanted.seen is not None and matching:
        matching = await run_in_thread(REPLAY_THREADS, partial(masked_as, matching, wanted.seen))
    return ReplayPage(matching, through, max(hub.head, through), 0, epoch)


def masked_as(matching: list[Held], seen: frozenset[str]) -> list[Held]:
    """Only what has to be is put into other words."""
    events = masked([held.event for held in matching], seen)
    pairs = zip(matching, events, strict=True)
    return [held if held.event is event else Held.of(event) for held, event in pairs]


def of_log(wanted: EventFilter, after: int) -> ReplayPage:
    """The head is read first: what comes in between is read next time."""
    head = read.head()
    start = max(after, head.oldest - 1)
    end = min(start + span(wanted, start), head.position)
    found = search.page(
        wanted,
        after=start,
        before=end + 1,
        limit=AT_ONCE,
        newest_first=False,
        max_bytes=BYTES_AT_ONCE,
        hide_removed=False,
    ).events
    through = found[-1].position if found else max(start, end)
    return ReplayPage([Held.of(event) for event in found], through, head.position, head.oldest, head.epoch)


def span(wanted: EventFilter, start: int) -> int:
    """Less where words have to be looked for in the events themselves, since the index is not there yet."""
    has_words = any(term.field == "text" for term in wanted.terms)
    return SPAN_OF_WORDS if has_words and search.reached() < start + SPAN else SPAN
