"""Chips for the active filters, each with the URL of the page without it.

Each parameter of the URL and each word of the query is a chip. Removing a word leaves the others as they were written.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from dashboard.live.page_state import PageState
from dashboard.queries.current_state import names_of
from dashboard.visibility import Scope
from marcus_events.core.event import EARLIEST
from marcus_events.core.event_types import meaning_of
from marcus_events.core.filters import DAYS, WEEKDAYS, EventFilter, InvalidFilter, Term, parse_duration
from marcus_events.core.query_syntax import split_words
from marcus_events.core.sentences import agent_words

# parameter → field; categories have their own chips, which are always shown
PARAMETERS = {"type": "type", "agent": "agent", "task": "task", "board": "board_id"}
NAMED = ("agent", "task", "board", "board_id")
TITLES = {"board_id": "Board", "text": "Words"}

FilterNames = dict[str, dict[str, str]]  # field → value → name


@dataclass(frozen=True)
class Chip:
    """`moment` is shown instead of the words for a time. `remove` is a query string."""

    title: str
    words: str
    remove: str
    excludes: bool = False
    moment: datetime | None = None


def chips(page_state: PageState) -> list[Chip]:
    """Return the chips. An invalid query has none: it stays in its field with an error."""
    query = page_state.q if is_valid_query(page_state.q) else ""
    names = names_in(replace(page_state, q=query).filter, page_state.scope.everywhere())
    return [*parameter_chips(page_state, names), *query_chips(page_state, split_words(query), names)]


def is_valid_query(query: str) -> bool:
    try:
        EventFilter.parse(query)
    except InvalidFilter:
        return False
    return True


def names_in(chosen: EventFilter, scope: Scope) -> FilterNames:
    """Look up the names of all filter values, with one query per field."""
    named = {field: {*chosen.values(field), *chosen.values(field, exclude=True)} for field in NAMED}
    return {field: names_of(field, values, scope) for field, values in named.items() if values}


def parameter_chips(page_state: PageState, names: FilterNames) -> list[Chip]:
    given = [(name, field) for name, field in PARAMETERS.items() if getattr(page_state, name)]
    return [
        term_chip(Term(field, (getattr(page_state, name),)), page_state.query(**{name: ""}), names)
        for name, field in given
    ]


def query_chips(page_state: PageState, words: list[str], names: FilterNames) -> list[Chip]:
    rest = [" ".join(words[:n] + words[n + 1 :]) for n in range(len(words))]
    return [
        chip for word, q in zip(words, rest, strict=True) for chip in word_chips(word, page_state.query(q=q), names)
    ]


def word_chips(word: str, remove: str, names: FilterNames) -> list[Chip]:
    """Return one chip, or none for a word without meaning."""
    read = EventFilter.parse(word, now=EARLIEST)
    if read.terms:
        return [term_chip(read.terms[0], remove, names)]
    return [time_chip(word, read, remove)] if read.since or read.until else []


def time_chip(word: str, read: EventFilter, remove: str) -> Chip:
    name, _, value = word.partition(":")
    if parse_duration(value):
        return Chip(name.capitalize(), f"{value} ago", remove)
    if value in (*DAYS, *WEEKDAYS):
        return Chip(name.capitalize(), value.capitalize(), remove)
    return Chip(name.capitalize(), value, remove, moment=read.since or read.until)


def term_chip(term: Term, remove: str, names: FilterNames) -> Chip:
    words = " or ".join(display_value(term.field, value, names) for value in term.values)
    return Chip(TITLES.get(term.field, term.field.capitalize()), words, remove, term.exclude)


def display_value(field: str, value: str, names: FilterNames) -> str:
    """Return the name as shown in rows; patterns and unnamed values unchanged."""
    if field == "text":
        return value.removesuffix("*") if value.endswith("*") else f"“{value}”"
    if field == "type" and "*" not in value:
        return meaning_of(value).title
    return names.get(field, {}).get(value) or (agent_words(value) if field == "agent" else value)
