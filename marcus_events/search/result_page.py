"""A page of the events that match a filter."""

from __future__ import annotations

from marcus_events.core.filters import EventFilter
from marcus_events.log import read
from marcus_events.search.execute import matching_positions, search_transaction
from marcus_events.search.index_partitions import retry_if_dropped
from marcus_events.search.masking import masked
from marcus_events.search.search_query import SearchQuery


@retry_if_dropped
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
    """Matching events between two positions (both exclusive): at most `limit`, and as many as fit into `max_bytes`.

    The next page is `before` the last event of this one, or `after` it where the oldest come first. `hide_removed`
    leaves out the events of each removed board up to its removal. The last event may exceed `max_bytes`, so that no
    page is empty. Raises QueryTimeout.
    """
    with search_transaction() as deadline:
        query = SearchQuery.between(wanted, after, before, newest_first=newest_first, hide_removed=hide_removed)
        found = matching_positions(query, limit + 1, deadline)
        shown = read.page_at(found[:limit], limit=limit, max_bytes=max_bytes, newest_first=newest_first)
    return read.EventPage(masked(shown.events, wanted.seen), shown.has_more or len(found) > limit)
