"""Search: any event by its words and fields, in order, at any depth; counts, facets and completions.

What is promised: the same events as `EventFilter.matches` chooses, without those of removed boards up to their removal;
the newest ones too, however far the index has come; and an answer within two seconds, or `QueryTimeout`.
"""

from marcus_events.log.statement_timeout import QueryTimeout
from marcus_events.search.autocomplete import complete
from marcus_events.search.counts import count, count_between, count_by_time, is_counted
from marcus_events.search.execute import reached
from marcus_events.search.facets import Facets, facets
from marcus_events.search.result_page import page

__all__ = [
    "Facets",
    "QueryTimeout",
    "complete",
    "count",
    "count_between",
    "count_by_time",
    "facets",
    "is_counted",
    "page",
    "reached",
]
