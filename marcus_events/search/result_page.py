"""A page of what a filter finds."""

from __future__ import annotations

from marcus_events.core.filters import EventFilter
from marcus_events.log import read
from marcus_events.search.execute import Asked, patiently, positions
from marcus_events.search.masking import masked
from marcus_events.search.retry import with_retry


@with_retry
def page(
    wanted: EventFilter,
    *,
    after: int | None = None,
    before: int | None = None,
    limit: int,
    newest_first: bool = True,
    max_bytes: int = read.MOST_BYTES,
    hide_removed: bool = True,
) -> read.EventPage:
    """The events between two positions, both exclusive: no more than `limit`, nor than `max_bytes` hold and one more.

    To go on, ask for what is before the last one, or after it where the oldest come first. `hide_removed` leaves out
    the events of boards up to the removal of each. Raises TookTooLong.
    """
    with patiently() as patience:
        asked = Asked.of(wanted, after, before, newest_first, hide_removed=hide_removed)
        found = positions(asked, limit + 1, patience)
        shown = read.page_at(found[:limit], limit=limit, max_bytes=max_bytes, newest_first=newest_first)
    return read.EventPage(masked(shown.events, wanted.seen), shown.has_more or len(found) > limit)
