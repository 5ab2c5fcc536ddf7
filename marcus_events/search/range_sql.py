"""The SQL that finds matches in ranges of the search index.

One statement asks several ranges, in the order of the plan. For a range to look up, newest first:

    (SELECT position FROM (
        SELECT position FROM search_84 AS part
        WHERE words @@ '''need'':*' AND position + 0 BETWEEN 8400000 AND 8447900 OFFSET 0
    ) AS found ORDER BY position DESC LIMIT 51)

Plans must not depend on estimates, which are wrong for words. `OFFSET 0` keeps the planner from merging a subquery into
the query around it: it would read a whole table in order for a rare word, or sort all matches of a common one.
`position + 0` hides the primary key from it, so that only the GIN index is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from marcus_events.core.filters import EventFilter
from marcus_events.log.sql_filter import Condition, every, unremoved_at, where_at
from marcus_events.search.lexemes import lexeme
from marcus_events.search.ranges import PositionRange, Strategy
from marcus_events.search.search_query import SearchQuery
from marcus_events.search.tsquery import IndexQuery


def statement(ranges: Sequence[PositionRange], index_query: IndexQuery, query: SearchQuery, limit: int) -> Condition:
    """The first `limit` matches in these ranges."""
    parts = [in_range(each, index_query, query, limit) for each in ranges]
    sql = f"SELECT position FROM ({' UNION ALL '.join(sql for sql, _ in parts)}) AS found LIMIT %s"
    return sql, [*(value for _, values in parts for value in values), limit]


def in_range(range_: PositionRange, index_query: IndexQuery, query: SearchQuery, limit: int) -> Condition:
    """The first `limit` matches in one range."""
    select = scan_sql if range_.strategy is Strategy.SCAN else look_up_sql
    order = f"ORDER BY position {'DESC' if query.newest_first else 'ASC'}"
    sql, values = select(range_, order, every(conditions(range_, index_query, query)))
    if query.removed_boards is None:  # checked one by one, and no more of them than the limit needs
        sql = f"SELECT position FROM ({sql} OFFSET 0) AS found WHERE {unremoved_at('found.position')}"
    return f"({sql} LIMIT %s)", [*values, limit]


def scan_sql(range_: PositionRange, order: str, condition: Condition) -> Condition:
    """Read every entry of the range in order, and keep those that match."""
    sql, values = condition
    entries = f"SELECT * FROM {range_.table} WHERE position BETWEEN %s AND %s {order} OFFSET 0"
    return f"SELECT position FROM ({entries}) AS part WHERE {sql} {order}", [range_.first, range_.last, *values]


def look_up_sql(range_: PositionRange, order: str, condition: Condition) -> Condition:
    """Gather what the GIN index finds, and sort it."""
    sql, values = condition
    in_bounds = "position + 0 BETWEEN %s AND %s"
    found = f"SELECT position FROM {range_.table} AS part WHERE {sql} AND {in_bounds} OFFSET 0"
    return f"SELECT position FROM ({found}) AS found {order}", [*values, range_.first, range_.last]


def conditions(range_: PositionRange, index_query: IndexQuery, query: SearchQuery) -> list[Condition]:
    """What an entry of the range must fulfil."""
    since, until = query.filter.since, query.filter.until
    return [
        *([("words @@ %s::tsquery", [text])] if (text := str(index_query)) else []),
        *([("timestamp >= %s", [since])] if since else []),
        *([("timestamp < %s", [until])] if until else []),
        *without_removed(range_, query.removed_boards or {}),
        *checked_in_log(index_query),
    ]


def without_removed(range_: PositionRange, removed_boards: dict[str, int]) -> Iterator[Condition]:
    """Exclude boards that were removed after the range; those removed within it up to their removal."""
    hidden = [lexeme("board", board) for board, position in removed_boards.items() if position >= range_.last]
    if hidden:
        yield "NOT words @@ %s::tsquery", [" | ".join(hidden)]
    for board, position in removed_boards.items():
        if range_.first <= position < range_.last:
            yield "(position > %s OR NOT words @@ %s::tsquery)", [position, lexeme("board", board)]


def checked_in_log(index_query: IndexQuery) -> Iterator[Condition]:
    """Compare the event itself with the terms that the index cannot decide."""
    if index_query.undecided:
        yield where_at("part.position", EventFilter(tuple(index_query.undecided)))
