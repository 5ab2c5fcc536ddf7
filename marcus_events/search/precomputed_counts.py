"""What the rates know: how many events there are of a type, on a board, of a source and of an agent.

They know it by the hour, however long the log is. What a span of time has besides whole hours, at its two ends, is
counted in the log. Like every projection they come a moment behind it, and leave out a removed board's events.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from marcus_events.core.event import EARLIEST, LATEST, Event, RecordedEvent
from marcus_events.core.filters import EventFilter, holds
from marcus_events.log.event_counts import count_by_board_and_value
from marcus_events.log.rows import rows

HOUR = timedelta(hours=1)
OF_RATES = frozenset({"type", "category", "importance", "board_id"})
FacetCounts = Counter[tuple[str, str, str]]  # board, field, value → how many

EVER = "SELECT board_id, field, value, count FROM facet WHERE field = ANY('{type,source,agent}')"
HOURS = """
SELECT board_id, 'type', event_type, sum(count)::bigint FROM hourly_rate WHERE hour >= %s AND hour < %s GROUP BY 1, 3
UNION ALL
SELECT board_id, field, value, sum(count)::bigint FROM hourly_facet WHERE hour >= %s AND hour < %s GROUP BY 1, 2, 3
"""


def is_rated(wanted: EventFilter) -> bool:
    """Whether the rates know how many events this filter finds."""
    return all(term.field in OF_RATES for term in wanted.terms)


def is_of(wanted: EventFilter, board_id: str, event_type: str = "") -> bool:
    """Whether events of this board, and of this type, are wanted: as far as the rates can tell."""
    some = RecordedEvent(0, EARLIEST, Event("", EARLIEST, event_type, "", {}), board_id or None)
    return all(holds(term, some) for term in wanted.terms)


def counts(since: datetime | None, until: datetime | None) -> FacetCounts:
    """How many there are between two times, of every board."""
    if since is None and until is None:
        return as_counts(rows(EVER))
    found = FacetCounts()
    begin, end = since or EARLIEST, until or LATEST
    first, last = min(round_up(begin), end), round_down(end)
    if first < last:
        found += as_counts(rows(HOURS, [first, last, first, last]))
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
