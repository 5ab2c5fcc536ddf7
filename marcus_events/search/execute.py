"""Find the positions of the events that match a filter, in order of position, however common or rare they are.

The search asks the ranges of positions nearest to its start first, and ends as soon as it has enough. An example: the
newest 50 events with the word `need`, where the newest event is at 8,450,000 and the index has reached 8,449,900:

    strategy     positions                what happens
    unindexed    8,449,901 - 8,450,000    read from the log, and filtered in Python: the index is not there yet
    SCAN         8,447,901 - 8,449,900    2,000 entries of the index, read in order: a common word fills a page here
    LOOK_UP      8,100,000 - 8,447,900    one statement: the GIN indexes of search_84, then 83, 82 and 81
    LOOK_UP      6,900,000 - 8,099,999    the next 12 tables, then the next 24, then all that are left

Oldest first is the mirror image: the first 2,000 positions, the tables after them, and what is not indexed last.

`search.ranges` makes this plan, `search.range_sql` writes the statements; docs/search-plans.md shows what PostgreSQL
makes of them. Statements run without parallel workers: these would read all tables of a statement at once, but a table
is needed only when those before it did not have enough matches.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain

from marcus_events.log import read
from marcus_events.log.rows import execute, rows
from marcus_events.log.statement_timeout import Deadline, deadline_in
from marcus_events.models import ProjectionName
from marcus_events.search import index_partitions, range_sql
from marcus_events.search.ranges import SCAN_LENGTH, indexed_ranges, plan_search
from marcus_events.search.search_query import SearchQuery
from marcus_events.search.tsquery import IndexQuery

TIMEOUT_S = 2.0  # of one search, all its statements together
UNINDEXED_BATCH = 500  # events read from the log at once
PLANNER_SETTINGS = """
    SELECT set_config('enable_seqscan', 'off', true), set_config('max_parallel_workers_per_gather', '0', true)"""


@contextmanager
def search_transaction() -> Iterator[Deadline]:
    """A transaction of TIMEOUT_S whose plans do not depend on estimates. Raises QueryTimeout."""
    with deadline_in(TIMEOUT_S) as deadline:
        execute(PLANNER_SETTINGS)
        yield deadline


def matching_positions(query: SearchQuery, limit: int, deadline: Deadline, scan_length: int = SCAN_LENGTH) -> list[int]:
    """The first positions that match, at most `limit`. Raises QueryTimeout."""
    indexed_to, head = read.projected_and_head(ProjectionName.SEARCH)
    sources = [unindexed(query, indexed_to, head, deadline), indexed(query, indexed_to, limit, deadline, scan_length)]
    found: list[int] = []
    for batch in chain.from_iterable(sources if query.newest_first else reversed(sources)):
        found += batch
        if len(found) >= limit:
            break
    return found[:limit]


def reached() -> int:
    """The position up to which the index has come; 0 where it was made of another log."""
    return read.projected_and_head(ProjectionName.SEARCH)[0]


def unindexed(query: SearchQuery, indexed_to: int, head: int, deadline: Deadline) -> Iterator[list[int]]:
    """Matches among the events that the index has not reached, in batches."""
    after, before = max(query.after, indexed_to), min(query.before, head + 1)
    all_but_words = query.filter.without("text")  # SQL on the log knows no words; `matches` does
    while after + 1 < before:
        deadline.apply()
        page = read.page(
            all_but_words,
            after=after,
            before=before,
            limit=UNINDEXED_BATCH,
            newest_first=query.newest_first,
            hide_removed=query.hide_removed,
        )
        yield [event.position for event in page.events if query.filter.matches(event)]
        if not page.has_more:
            return
        if query.newest_first:
            before = page.events[-1].position
        else:
            after = page.events[-1].position


def indexed(
    query: SearchQuery, indexed_to: int, limit: int, deadline: Deadline, scan_length: int
) -> Iterator[list[int]]:
    """Matches among the events that the index has reached: a batch from each statement."""
    index_query = IndexQuery.of(query.filter)
    first, last = query.after + 1, min(query.before - 1, indexed_to)
    if index_query.matches_nothing or first > last:
        return
    ranges = indexed_ranges(index_partitions.in_use(), query.filter, first, last)
    can_look_up, newest_first = index_query.can_look_up, query.newest_first
    for group in plan_search(ranges, newest_first=newest_first, can_look_up=can_look_up, scan_length=scan_length):
        deadline.apply()
        sql, values = range_sql.statement(group, index_query, query, limit)
        yield [position for (position,) in rows(sql, values)]
