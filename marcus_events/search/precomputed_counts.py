"""Counts that the projections keep: how many events there are of each type, board, source and agent, by hour and day.

A count over any time is the sum of its whole days (UTC), of whole hours beside them, and of the log for the rest: from
Monday 10:20 to Thursday 1:10 of Tuesday and Wednesday, of the hours from Monday 11:00 and up to Thursday 1:00, and of
the log 10:20 to 11:00 and 1:00 to 1:10. Like every projection the counts are a moment behind the log, and leave out the
events of removed boards.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from marcus_events.core.event import EARLIEST, LATEST, Event, RecordedEvent
from marcus_events.core.filters import EventFilter, matches_term
from marcus_events.log.event_counts import count_by_board_and_value
from marcus_events.log.rows import rows

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
COUNTED_FIELDS = frozenset({"type", "category", "importance", "board_id"})
FacetCounts = Counter[tuple[str, str, str]]  # (board, field, value) → number of events

COUNT_ALL = "SELECT board_id, field, value, count FROM facet WHERE field = ANY('{type,source,agent}')"
COUNT_UNITS = """
SELECT board_id, 'type', event_type, sum(count)::bigint FROM {rate} WHERE {unit} >= %s AND {unit} < %s GROUP BY 1, 3
UNION ALL
SELECT board_id, field, value, sum(count)::bigint FROM {facet} WHERE {unit} >= %s AND {unit} < %s GROUP BY 1, 2, 3
"""
COUNT_BY_UNIT = {
    DAY: COUNT_UNITS.format(rate="daily_rate", facet="daily_facet", unit="day"),
    HOUR: COUNT_UNITS.format(rate="hourly_rate", facet="hourly_facet", unit="hour"),
}
Span = tuple[datetime, datetime]


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
    found, rest = FacetCounts(), [(since or EARLIEST, until or LATEST)]
    for unit, query in COUNT_BY_UNIT.items():
        whole, rest = divide(rest, unit)
        for first, last in whole:
            found += as_counts(rows(query, [first, last, first, last]))
    for first, last in rest:
        found += FacetCounts(count_by_board_and_value(first, last))
    return found


def divide(spans: list[Span], unit: timedelta) -> tuple[list[Span], list[Span]]:
    """Divide spans of time into those of whole hours or days and what is left beside them."""
    whole, rest = [], []
    for begin, end in spans:
        first, last = round_up(begin, unit), round_down(end, unit)
        parts = [(begin, first), (last, end)] if first < last else [(begin, end)]
        whole += [(first, last)] if first < last else []
        rest += [(start, stop) for start, stop in parts if start < stop]
    return whole, rest


def round_down(moment: datetime, unit: timedelta) -> datetime:
    """The beginning of the hour or day (UTC) of a moment."""
    return moment - (moment - EARLIEST) % unit


def round_up(moment: datetime, unit: timedelta) -> datetime:
    return moment if moment == round_down(moment, unit) else round_down(moment, unit) + unit


def as_counts(found: list[tuple[str, str, str, int]]) -> FacetCounts:
    return FacetCounts({(board_id, field, value): count for board_id, field, value, count in found})
