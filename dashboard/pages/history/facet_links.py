"""The values that occur in a result, with links that include or exclude each."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.live.page_state import MAX_QUERY, PageState
from dashboard.pages.activity.active_filters import is_valid_query
from dashboard.queries.counters import TITLES
from dashboard.queries.current_state import names_of
from marcus_events.core.event_types import meaning_of
from marcus_events.core.filters import Term
from marcus_events.core.sentences import agent_words

MAX_VALUES = 8  # values of a field
TERMS = {"board": "board_id"}  # facet → field of a query, where they differ
PATTERNS = ("type", "source")  # fields with wildcards: a value with a star cannot be filtered exactly


@dataclass(frozen=True)
class FacetValue:
    """`only` and `without` are query strings; "" if the value cannot be filtered."""

    words: str
    count: int
    only: str
    without: str


@dataclass(frozen=True)
class FacetLinks:
    field: str
    values: list[FacetValue]
    more: int  # number of values not listed


def facets(page_state: PageState, counted: dict[str, list[tuple[str, int]]]) -> list[FacetLinks]:
    found = [facet(page_state, field, counts) for field, counts in counted.items()]
    return [each for each in found if each.values]


def facet(page_state: PageState, field: str, counts: list[tuple[str, int]]) -> FacetLinks:
    """`counts` maps values to numbers, most frequent first."""
    top = counts[:MAX_VALUES]
    ids = {value for value, _ in top}
    names = names_of(TERMS.get(field, field), ids, page_state.scope.everywhere()) if field in ("board", "agent") else {}
    values = [
        FacetValue(
            display_value(field, value, names),
            count,
            refined_query(page_state, field, value),
            refined_query(page_state, field, value, exclude=True),
        )
        for value, count in top
    ]
    return FacetLinks(field, values, len(counts) - len(top))


def display_value(field: str, value: str, names: dict[str, str]) -> str:
    if field == "type":
        return meaning_of(value).title
    if field == "category":
        return next((title for category, title in TITLES.items() if category == value), value)
    return names.get(value) or (agent_words(value) if field == "agent" else value)


def refined_query(page_state: PageState, field: str, value: str, *, exclude: bool = False) -> str:
    if field in PATTERNS and "*" in value:
        return ""
    query = f"{page_state.q} {Term(TERMS.get(field, field), (value,), exclude)}".strip()
    return page_state.query(q=query) if len(query) <= MAX_QUERY and is_valid_query(query) else ""
