"""A filter as a tsquery of the search index.

    type:task_blocked "need help" -source:cron
    → ('=type=task_blocked') & (('need' <-> 'help') | ('=on=need' <-> '=on=help')) & !('=source=cron')

The index cannot decide every term: a pattern with a star that is not at its end (`type:*_blocked`), a name that is too
long for a lexeme, which field an external id stands in. These terms are compared with the events that the rest of the
tsquery has found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from marcus_events.core.event_types import MEANINGS, types_of
from marcus_events.core.filters import EventFilter, Term, agent_id_forms
from marcus_events.core.text_search import phrase
from marcus_events.search.lexemes import MAX_LETTERS, OTHER, lexeme, of_others, quoted

WORDS_ONLY = ("external", "sync")  # the index holds the words of these fields, but not that they are of this field
MAX_VALUE_LETTERS = MAX_LETTERS - 10  # of a value that fits into a lexeme uncut, with the field's name before it


@dataclass
class IndexQuery:
    """The filter as the index is asked for it: all of `required` and none of `excluded`.

    `undecided` are the terms that are also compared with each event found. `matches_nothing`: no event can match. A
    reader who does not see every board (`sees_all` is false) finds no words in the names of other tasks.
    """

    required: list[str] = field(default_factory=list)
    excluded: list[str] = field(default_factory=list)
    undecided: list[Term] = field(default_factory=list)
    matches_nothing: bool = False
    sees_all: bool = True

    @classmethod
    def of(cls, wanted: EventFilter) -> IndexQuery:
        index_query = cls(sees_all=wanted.seen is None)
        for term in wanted.terms:
            index_query.add(term)
        return index_query

    @property
    def can_look_up(self) -> bool:
        """Whether a GIN index has anything to look up: it cannot find events by what they do not have."""
        return bool(self.required)

    def add(self, term: Term) -> None:
        parts = [part for value in term.values for part in PARTS[term.field](value)]
        if term.field == "text" and self.sees_all:
            parts += [part for value in term.values for part in of_text(value, of_others)]
        is_undecided = any(not is_decided(term.field, value) for value in term.values)
        if is_undecided:
            self.undecided.append(term)
        if term.field in WORDS_ONLY:
            self.required += words_of(term)
        elif term.exclude:
            self.excluded += parts
        elif not is_undecided:
            self.required += any_of(parts)
            self.matches_nothing |= not parts

    def __str__(self) -> str:
        """The tsquery; "" where every event matches it."""
        return " & ".join([*self.required, *(f"!{part}" for part in any_of(self.excluded))])


def any_of(parts: list[str]) -> list[str]:
    return [f"({' | '.join(parts)})"] if parts else []


def words_of(term: Term) -> list[str]:
    """The words that an event with one of these values holds; nothing where a value has no words."""
    found = [[*of_text(value)] for value in term.values]
    return any_of([part for parts in found for part in parts]) if all(found) and not term.exclude else []


def is_decided(field: str, value: str) -> bool:
    """Whether the index alone decides if an event has this value."""
    if field in WORDS_ONLY:
        return False
    if field in ("type", "source") and ("*" in value[:-1] or value == "*"):
        return False
    return field in ("text", "category", "importance") or len(value) <= MAX_VALUE_LETTERS


def of_pattern(field: str) -> Callable[[str], Iterator[str]]:
    def parts(value: str) -> Iterator[str]:
        if is_decided(field, value):
            prefix_mark = ":*" if value.endswith("*") else ""
            yield lexeme(field, value.removesuffix("*")) + prefix_mark

    return parts


def of_name(*fields: str) -> Callable[[str], Iterator[str]]:
    return lambda value: (lexeme(field, value) for field in fields if len(value) <= MAX_VALUE_LETTERS)


def of_agent(value: str) -> Iterator[str]:
    return (lexeme("agent", name) for name in agent_id_forms(value) if len(value) <= MAX_VALUE_LETTERS)


def of_types(types: list[str], *, other: bool) -> Iterator[str]:
    yield from (lexeme("type", name) for name in types)
    if other:
        yield quoted(OTHER)


def of_category(value: str) -> Iterator[str]:
    return of_types(types_of(value), other=value == "other")


def of_importance(value: str) -> Iterator[str]:
    types = [name for name, meaning in MEANINGS.items() if meaning.importance == value]
    return of_types(types, other=value == "normal")


def of_text(value: str, lexeme_of: Callable[[str], str] = quoted) -> Iterator[str]:
    found = phrase(value)
    if found.words:
        yield f"({' <-> '.join(map(lexeme_of, found.words))}{':*' if found.is_prefix else ''})"


# The parts of a tsquery that find a value of a field; an event matches when any of them does.
PARTS: dict[str, Callable[[str], Iterator[str]]] = {
    "type": of_pattern("type"),
    "source": of_pattern("source"),
    "category": of_category,
    "importance": of_importance,
    "board": of_name("board", "board_name"),
    "board_id": of_name("board"),
    "task": of_name("task"),
    "agent": of_agent,
    "external": lambda value: iter(()),
    "sync": lambda value: iter(()),
    "text": of_text,
}
