"""Facets: how many matching events there are of each type, category, source, board and agent."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from marcus_events.core.event_types import category_of
from marcus_events.core.filters import EventFilter
from marcus_events.log.event_counts import count_by_value
from marcus_events.search.execute import matching_positions, search_transaction
from marcus_events.search.index_partitions import retry_if_dropped
from marcus_events.search.precomputed_counts import is_precomputed, matches, precomputed_counts
from marcus_events.search.search_query import SearchQuery

FIELDS = ("type", "category", "source", "board", "agent")
SAMPLED_FIELDS = ("source", "agent")  # not counted together with types by the projections
SAMPLE = 2_000  # events; to count ten thousand takes a tenth of a second
# Positions that are scanned for the sample. A frequent type has it among them and is not looked up, which would sort
# all its events of a table.
SCANNED = 4 * SAMPLE
MAX_VALUES = 50  # of a field: nobody chooses among more

ValueCounts = list[tuple[str, int]]


@dataclass(frozen=True)
class Facets:
    """For each of FIELDS its values with their number of events, the most frequent first; boards by their ids.

    `total` events were counted. Where `is_capped`, more events match, and these are the newest of them. Where
    `is_sampled`, all were counted, but their SAMPLED_FIELDS only among the newest SAMPLE.
    """

    by_field: dict[str, ValueCounts]
    total: int
    is_capped: bool
    is_sampled: bool = False


@retry_if_dropped
def facets(wanted: EventFilter, cap: int) -> Facets:
    """Facets of all matching events where the filter has only times and boards; where it has types too, all but sources
    and agents, which are counted among the newest SAMPLE. Else facets of the newest `cap`. Raises QueryTimeout.
    """
    with search_transaction() as deadline:
        if all(term.field == "board_id" for term in wanted.terms):
            return precomputed_facets(wanted)
        if is_precomputed(wanted):
            found = matching_positions(SearchQuery.newest(wanted), SAMPLE + 1, deadline, SCANNED)
            deadline.apply()
            return facets_of_types(wanted, found)
        found = matching_positions(SearchQuery.newest(wanted), cap + 1, deadline)
        deadline.apply()
        counted = Counter(count_by_value(found[:cap]))
        return as_facets(counted, min(len(found), cap), is_capped=len(found) > cap)


def precomputed_facets(wanted: EventFilter) -> Facets:
    counted, total = Counter[tuple[str, str]](), 0
    for (board, field, value), number in precomputed_counts(wanted.since, wanted.until).items():
        if matches(wanted, board):
            counted[field, value] += number
            if field == "type":
                total += number
                counted["board", board] += number
    del counted["board", ""]
    return as_facets(counted, total, is_capped=False)


def facets_of_types(wanted: EventFilter, newest: list[int]) -> Facets:
    """Facets of the events of some types, of which `newest` are the newest positions."""
    counted, total = Counter[tuple[str, str]](), 0
    for (board, field, value), number in precomputed_counts(wanted.since, wanted.until).items():
        if field == "type" and matches(wanted, board, value):
            counted[field, value] += number
            counted["board", board] += number
            total += number
    del counted["board", ""]
    for (field, value), number in count_by_value(newest[:SAMPLE]).items():
        if field in SAMPLED_FIELDS:
            counted[field, value] += number
    return as_facets(counted, total, is_capped=False, is_sampled=len(newest) > SAMPLE)


def as_facets(counted: Counter[tuple[str, str]], total: int, *, is_capped: bool, is_sampled: bool = False) -> Facets:
    for (field, value), number in list(counted.items()):
        if field == "type":
            counted["category", category_of(value)] += number
    by_field: dict[str, ValueCounts] = {field: [] for field in FIELDS}
    for (field, value), number in sorted(counted.items(), key=lambda item: (-item[1], item[0])):
        by_field[field].append((value, number))
    by_field = {field: values[:MAX_VALUES] for field, values in by_field.items()}
    return Facets(by_field, total, is_capped, is_sampled)
