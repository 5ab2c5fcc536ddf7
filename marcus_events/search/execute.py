"""Which positions a filter finds, in order, at any depth and however common or rare what it asks for is.

1. The events that the index has not reached yet are looked at themselves.
2. Of the index, the few thousand positions nearest to where one begins are walked through: whatever is common is found
   there at once.
3. What is not is rare enough for the index of words: the other parts are asked one after another, few at first, until
   there is enough. Where a question has nothing that an index could find, their positions are walked through.

Each subquery is fenced by OFFSET 0, so that no estimate makes the planner walk through a part for a rare word, or
gather all of a common one. Statements have no parallel workers: a part is to be asked only when those before it did not
have enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from marcus_events.core.event_types import EventTypes
from marcus_events.core.filters import EventFilter
from marcus_events.log import board_removals, read
from marcus_events.log.rows import execute, rows
from marcus_events.log.sql_filter import Condition, every, unremoved_at, where_at
from marcus_events.log.statement_timeout import Patience, at_most
from marcus_events.models import ProjectionName
from marcus_events.search import index_partitions
from marcus_events.search.lexemes import lexeme
from marcus_events.search.ranges import PositionRange, in_groups, spans, with_near
from marcus_events.search.tsquery import Question

LONGEST_S = 2.0  # that anybody waits
LAST = 2**63 - 1
FEW = 32  # removed boards that stand in a statement one by one: so many cost it next to nothing
PLANS = """SELECT set_config('enable_seqscan', 'off', true), set_config('max_parallel_workers_per_gather', '0', true)"""


@dataclass(frozen=True)
class Asked:
    """A filter between two positions, both exclusive, in one of two orders.

    `hides` leaves out the events of boards up to the removal of each. `removed` are these, by position, where they are
    few: the index is asked for none of their events. None where they are many: then what it has found is asked about.
    """

    filter: EventFilter
    after: int
    before: int
    newest_first: bool
    hides: bool
    removed: dict[str, int] | None

    @classmethod
    def of(
        cls, wanted: EventFilter, after: int | None, before: int | None, newest_first: bool, *, hide_removed: bool
    ) -> Asked:
        removed = board_removals.all_if_few(FEW) if hide_removed else {}
        if hide_removed:
            wanted = wanted.with_term("type", EventTypes.BOARD_REMOVED, exclude=True)
        return cls(wanted, after or 0, LAST if before is None else before, newest_first, hide_removed, removed)

    @classmethod
    def newest(cls, wanted: EventFilter, after: int | None = None, before: int | None = None) -> Asked:
        """As pages show them."""
        return cls.of(wanted, after, before, True, hide_removed=True)


@contextmanager
def patiently() -> Iterator[Patience]:
    """For LONGEST_S, with plans that do not depend on estimates. Raises TookTooLong."""
    with at_most(LONGEST_S) as patience:
        execute(PLANS)
        yield patience


def positions(asked: Asked, limit: int, patience: Patience) -> list[int]:
    """No more than `limit`. Raises TookTooLong."""
    so_far, head = read.projected_and_head(ProjectionName.SEARCH)
    steps = [ahead(asked, so_far, head, patience), behind(asked, so_far, limit, patience)]
    found: list[int] = []
    for step in steps if asked.newest_first else reversed(steps):
        for some in step:
            found += some
            if len(found) >= limit:
                return found[:limit]
    return found


def reached() -> int:
    """The position up to which the index has come, of this log and no other."""
    return read.projected_and_head(ProjectionName.SEARCH)[0]


def ahead(asked: Asked, so_far: int, head: int, patience: Patience) -> Iterator[list[int]]:
    """The events that the index has not reached, some at a time."""
    after, before = max(asked.after, so_far), min(asked.before, head + 1)
    others = asked.filter.without("text")
    has_more = after + 1 < before
    while has_more:
        patience.renew()
        page = read.page(
            others, after=after, before=before, limit=500, newest_first=asked.newest_first, hide_removed=asked.hides
        )
        yield [event.position for event in page.events if asked.filter.matches(event)]
        has_more = page.has_more
        if has_more and asked.newest_first:
            before = page.events[-1].position
        elif has_more:
            after = page.events[-1].position


def behind(asked: Asked, so_far: int, limit: int, patience: Patience) -> Iterator[list[int]]:
    question = Question.of(asked.filter)
    first, last = asked.after + 1, min(asked.before - 1, so_far)
    if question.is_never or first > last:
        return
    found = spans(index_partitions.in_use(), asked.filter, first, last)
    order = with_near(found, asked.newest_first)
    if not question.wanted:
        order = [replace(span, walk=True) for span in order]
    for group in in_groups(order):
        patience.renew()
        yield ask(group, question, asked, limit)


def ask(group: Sequence[PositionRange], question: Question, asked: Asked, limit: int) -> list[int]:
    pieces = [of_span(span, question, asked, limit) for span in group]
    query = f"SELECT position FROM ({' UNION ALL '.join(sql for sql, _ in pieces)}) AS found LIMIT %s"
    values = [value for _, of_piece in pieces for value in of_piece]
    return [position for (position,) in rows(query, [*values, limit])]


def of_span(span: PositionRange, question: Question, asked: Asked, limit: int) -> Condition:
    """The positions of a span that fit, in order."""
    order = f"ORDER BY position {'DESC' if asked.newest_first else 'ASC'}"
    found, values = in_order(span, order, every(conditions(span, question, asked)))
    if asked.removed is None:  # asked one by one, and of no more than are needed
        found = f"SELECT position FROM ({found} OFFSET 0) AS found WHERE {unremoved_at('found.position')}"
    return f"({found} LIMIT %s)", [*values, limit]


def in_order(span: PositionRange, order: str, fits: Condition) -> Condition:
    condition, values = fits
    bounds = [span.first, span.last]
    if span.walk:
        each = f"SELECT * FROM {span.name} WHERE position BETWEEN %s AND %s {order} OFFSET 0"
        return f"SELECT position FROM ({each}) AS part WHERE {condition} {order}", [*bounds, *values]
    within = "position + 0 BETWEEN %s AND %s"
    found = f"SELECT position FROM {span.name} AS part WHERE {condition} AND {within} OFFSET 0"
    return f"SELECT position FROM ({found}) AS found {order}", [*values, *bounds]


def conditions(span: PositionRange, question: Question, asked: Asked) -> list[Condition]:
    """What an entry of this span has to be like."""
    since, until = asked.filter.since, asked.filter.until
    return [
        *([("words @@ %s::tsquery", [text])] if (text := str(question)) else []),
        *([("timestamp >= %s", [since])] if since else []),
        *([("timestamp < %s", [until])] if until else []),
        *of_removed(span, asked.removed or {}),
        *of_left(question),
    ]


def of_removed(span: PositionRange, removed: dict[str, int]) -> Iterator[Condition]:
    """Without the boards that were removed after all of the span, and within it up to where each was."""
    gone = [lexeme("board", board) for board, position in removed.items() if position >= span.last]
    if gone:
        yield "NOT words @@ %s::tsquery", [" | ".join(gone)]
    for board, position in removed.items():
        if span.first <= position < span.last:
            yield "(position > %s OR NOT words @@ %s::tsquery)", [position, lexeme("board", board)]


def of_left(question: Question) -> Iterator[Condition]:
    """What the index does not tell is asked of the event itself."""
    if question.left:
        yield where_at("part.position", EventFilter(tuple(question.left)))
