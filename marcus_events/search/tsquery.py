"""A filter as a question to the index, as PostgreSQL reads a tsquery.

What the index cannot say by itself is left over: a pattern with a star elsewhere than at its end, a name too long for a
lexeme. It is asked of the events that the rest of the question has found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from marcus_events.core.event_types import MEANINGS, types_of
from marcus_events.core.filters import EventFilter, Term, agent_ids
from marcus_events.core.text_search import phrase
from marcus_events.search.lexemes import MAX_LETTERS, OTHER, lexeme, of_others, quoted

STATED = ("external", "sync")  # the index holds their words, but not which field they are of
LONGEST = MAX_LETTERS - 10  # of a value that no lexeme cuts, with what may come before it


@dataclass
class Question:
    """All of `wanted`, none of `unwanted`, and the terms of `left` besides. `is_never`: nothing can be so.

    For a reader who does not see every board, words are not looked for in what names other tasks.
    """

    wanted: list[str] = field(default_factory=list)
    unwanted: list[str] = field(default_factory=list)
    left: list[Term] = field(default_factory=list)
    is_never: bool = False
    sees_all: bool = True

    @classmethod
    def of(cls, asked: EventFilter) -> Question:
        question = cls(sees_all=asked.seen is None)
        for term in asked.terms:
            question.add(term)
        return question

    def add(self, term: Term) -> None:
        exact = [part for value in term.values for part in EXACTLY[term.field](value)]
        if term.field == "text" and self.sees_all:
            exact += [part for value in term.values for part in of_text(value, of_others)]
        vague = [value for value in term.values if is_vague(term.field, value)]
        if vague:
            self.left.append(term)
        if term.field in STATED:
            self.wanted += words_of(term)
        elif term.exclude:
            self.unwanted += exact
        elif not vague:
            self.wanted += [f"({' | '.join(exact)})"] if exact else []
            self.is_never |= not exact

    def __str__(self) -> str:
        """A tsquery; "" where anything will do."""
        return " & ".join([*self.wanted, *([f"!({' | '.join(self.unwanted)})"] if self.unwanted else [])])


def words_of(term: Term) -> list[str]:
    """What an event has to hold that has one of these values: its words side by side, where each has any."""
    found = [[*of_text(value)] for value in term.values]
    return [f"({' | '.join(part for parts in found for part in parts)})"] if all(found) and not term.exclude else []


def is_vague(field: str, value: str) -> bool:
    """Whether the index alone does not tell."""
    if field in STATED:
        return True
    if field in ("type", "source") and ("*" in value[:-1] or value == "*"):
        return True
    return field not in ("text", "category", "importance") and len(value) > LONGEST


def of_pattern(field: str) -> Callable[[str], Iterator[str]]:
    def parts(value: str) -> Iterator[str]:
        if not is_vague(field, value):
            begins = value.endswith("*")
            yield lexeme(field, value.removesuffix("*")) + (":*" if begins else "")

    return parts


def of_name(*fields: str) -> Callable[[str], Iterator[str]]:
    return lambda value: (lexeme(field, value) for field in fields if len(value) <= LONGEST)


def of_agent(value: str) -> Iterator[str]:
    return (lexeme("agent", name) for name in agent_ids(value) if len(value) <= LONGEST)


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
    said = phrase(value)
    if said.words:
        yield f"({' <-> '.join(map(lexeme_of, said.words))}{':*' if said.is_prefix else ''})"


EXACTLY: dict[str, Callable[[str], Iterator[str]]] = {
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
