"""Facets: how the events that a filter finds divide by type, category, source, board and agent."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from marcus_events.core.event_types import category_of
from marcus_events.core.filters import EventFilter
from marcus_events.log.event_counts import count_by_value
from marcus_events.search.execute import Asked, patiently, positions
from marcus_events.search.precomputed_counts import counts, is_of
from marcus_events.search.retry import with_retry

FIELDS = ("type", "category", "source", "board", "agent")
MOST = 50  # values of a field; nobody chooses among more

Values = list[tuple[str, int]]


@dataclass(frozen=True)
class Facets:
    """For each of FIELDS the values and how many events have them, the most frequent first; boards by their ids.

    `total` events were counted. Where `is_capped` there are more, and these are the newest of them.
    """

    by_field: dict[str, Values]
    total: int
    is_capped: bool


@with_retry
def facets(wanted: EventFilter, cap: int) -> Facets:
    """Of all that match where only times and boards are asked for, else of the newest `cap`. Raises TookTooLong."""
    with patiently() as patience:
        if all(term.field == "board_id" for term in wanted.terms):
            return of_rates(wanted)
        found = positions(Asked.newest(wanted), cap + 1, patience)
        patience.renew()
        counted = Counter(count_by_value(found[:cap]))
        return made(counted, min(len(found), cap), is_capped=len(found) > cap)


def of_rates(wanted: EventFilter) -> Facets:
    counted, total = Counter[tuple[str, str]](), 0
    for (board, field, value), number in counts(wanted.since, wanted.until).items():
        if is_of(wanted, board):
            counted[field, value] += number
            if field == "type":
                total += number
                counted["board", board] += number
    del counted["board", ""]
    return made(counted, total, is_capped=False)


def made(counted: Counter[tuple[str, str]], total: int, *, is_capped: bool) -> Facets:
    for (field, value), number in list(counted.items()):
        if field == "type":
            counted["category", category_of(value)] += number
    by_field: dict[str, Values] = {field: [] for field in FIELDS}
    for (field, value), number in sorted(counted.items(), key=lambda item: (-item[1], item[0])):
        by_field[field].append((value, number))
    return Facets({field: values[:MOST] for field, values in by_field.items()}, total, is_capped)
