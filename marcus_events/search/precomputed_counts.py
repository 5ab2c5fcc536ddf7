"""Counts that the projections keep: how many events there are of each type, board, source and agent, by the hour.

A count over any time is the sum of its whole hours, and of the log for the rest: for 10:20 to 13:10 the hours from 11
and 12, and of the log 10:20 to 11:00 and 13:00 to 13:10. Like every projection the counts are a moment behind the log,
and leave out the events of removed boards.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from marcus_events.core.event import EARLIEST, LATEST, Event, RecordedEvent
from marcus_events.core.filters import EventFilter, matches_term
from marcus_events.log.event_counts import count_by_board_and_value
from marcus_events.log.rows import rows

HOUR = timedelta(hours=1)
COUNTED_FIELDS = frozenset({"type", "category", "importance", "board_id"})
FacetCounts = Counter[tuple[str, str, str]]  # (board, field, value) → number of events

COUNT_ALL = "SELECT board_id, field, value, count FROM facet WHERE field = ANY('{type,source,agent}')"
COUNT_HOURS = """
SELECT board_id, 'type', event_type, sum(count)::bigint FROM hourly_rate WHERE hour >= %s AND hour < %s GROUP BY 1, 3
UNION ALL
SELECT board_id, field, value, sum(count)::bigint FROM hourly_facet WHERE hour >= %s AND hour < %s GROUP BY 1, 2, 3
"""


def is_precomputed(wanted: EventFilter) -> bool:
    """Whether the projections know exactly how many events match this filter."""
    return all(term.field in COUNTED_FIELDS for term in wanted.terms)


def matches(wanted: EventFilter, board_id: str, event_type: str = "") -> bool:
    """Whether the filter, one of boards and types, matches events of this board and this type."""
    example = RecordedEvent(0, EARLIEST, Event("", EARLIEST, event_type, "", {}), board_id or None)
    return all(matches_term(term, example) for term in wanted.terms)


def precomputed_counts(since: datetime | None, until: datetime | None) -> FacetCounts:
    """The number of events between two times, of every board and value."""
    if since is None and until is None:
        return as_counts(rows(COUNT_ALL))
    found = FacetCounts()
    begin, end = since or EARLIEST, until or LATEST
    first, last = min(round_up(begin), end), round_down(end)
    if first < last:
        found += as_counts(rows(COUNT_HOURS, [first, last, first, last]))
    for edge_begin, edge_end in {(begin, first), (max(first, last), end)}:
        if edge_begin < edge_end:
            found += FacetCounts(count_by_board_and_value(edge_begin, edge_end))
    return found


def round_down(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def round_up(moment: datetime) -> datetime:
    return moment if moment == round_down(moment) else round_down(moment) + HOUR


def as_counts(found: list[tuple[str, str, str, int]]) -> FacetCounts:
    return FacetCounts({(board_id, field, value): count for board_id, field, value, count in found})
