"""The filters in force, each with the address of the page without it.

A parameter of the address is a chip, and so is every word of the query: it is taken out as it was written, and the
others stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from dashboard.live.page_state import PageState
from dashboard.queries.current_state import names_of
from dashboard.visibility import Scope
from marcus_events.core.event import EARLIEST
from marcus_events.core.event_types import meaning_of
from marcus_events.core.filters import EventFilter, InvalidFilter, Term, span_of
from marcus_events.core.query_syntax import written
from marcus_events.core.sentences import agent_words

# parameter → field; the category has chips of its own, chosen or not
PARAMETERS = {"type": "type", "agent": "agent", "task": "task", "board": "board_id"}
NAMED = ("agent", "task", "board", "board_id")
TITLES = {"board_id": "Board", "text": "Words"}

FilterNames = dict[str, dict[str, str]]  # field → value → what it is called


@dataclass(frozen=True)
class Chip:
    """`moment` stands in the place of the words where a time is meant. `remove` is a query string."""

    title: str
    words: str
    remove: str
    excludes: bool = False
    moment: datetime | None = None


def chips(page_state: PageState) -> list[Chip]:
    """A query that cannot be read has none: it stands in its field, with the reason."""
    query = page_state.q if can_be_read(page_state.q) else ""
    names = names_in(replace(page_state, q=query).filter, page_state.scope.everywhere())
    return [*of_parameters(page_state, names), *of_query(page_state, written(query), names)]


def can_be_read(query: str) -> bool:
    try:
        EventFilter.parse(query)
    except InvalidFilter:
        return False
    return True


def names_in(chosen: EventFilter, scope: Scope) -> FilterNames:
    """Looked up at once for each field, however many values are named."""
    named = {field: {*chosen.values(field), *chosen.values(field, exclude=True)} for field in NAMED}
    return {field: names_of(field, values, scope) for field, values in named.items() if values}


def of_parameters(page_state: PageState, names: FilterNames) -> list[Chip]:
    given = [(name, field) for name, field in PARAMETERS.items() if getattr(page_state, name)]
    return [
        of_term(Term(field, (getattr(page_state, name),)), page_state.query(**{name: ""}), names)
        for name, field in given
    ]


def of_query(page_state: PageState, words: list[str], names: FilterNames) -> list[Chip]:
    rest = [" ".join(words[:n] + words[n + 1 :]) for n in range(len(words))]
    return [chip for word, q in zip(words, rest, strict=True) for chip in of_word(word, page_state.query(q=q), names)]


def of_word(word: str, remove: str, names: FilterNames) -> list[Chip]:
    """One, or none where the word says nothing."""
    read = EventFilter.parse(word, now=EARLIEST)
    if read.terms:
        return [of_term(read.terms[0], remove, names)]
    return [of_time(word, read, remove)] if read.since or read.until else []


def of_time(word: str, read: EventFilter, remove: str) -> Chip:
    name, _, value = word.partition(":")
    if span_of(value):
        return Chip(name.capitalize(), f"{value} ago", remove)
    return Chip(name.capitalize(), value, remove, moment=read.since or read.until)


def of_term(term: Term, remove: str, names: FilterNames) -> Chip:
    words = " or ".join(called(term.field, value, names) for value in term.values)
    return Chip(TITLES.get(term.field, term.field.capitalize()), words, remove, term.exclude)


def called(field: str, value: str, names: FilterNames) -> str:
    """As the rows call it; a pattern, and what nobody has named, as it is written."""
    if field == "text":
        return value.removesuffix("*") if value.endswith("*") else f"“{value}”"
    if field == "type" and "*" not in value:
        return meaning_of(value).title
    return names.get(field, {}).get(value) or (agent_words(value) if field == "agent" else value)
