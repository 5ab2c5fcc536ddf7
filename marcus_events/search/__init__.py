"""Search: pages of events that match a filter, their number, facets and autocomplete.

A search finds exactly the events that `EventFilter.matches` accepts, without those of a removed board up to its
removal. The newest events are found as well, however far behind the index is. Every search ends within two seconds,
or raises QueryTimeout.
"""

from marcus_events.log.statement_timeout import QueryTimeout
from marcus_events.search.autocomplete import complete
from marcus_events.search.counts import count, count_between, count_types_by_time
from marcus_events.search.execute import reached
from marcus_events.search.facets import SAMPLE, SAMPLED_FIELDS, Facets, facets
from marcus_events.search.precomputed_counts import is_precomputed
from marcus_events.search.result_page import page

__all__ = [
    "SAMPLE",
    "SAMPLED_FIELDS",
    "Facets",
    "QueryTimeout",
    "complete",
    "count",
    "count_between",
    "count_types_by_time",
    "facets",
    "is_precomputed",
    "page",
    "reached",
]
