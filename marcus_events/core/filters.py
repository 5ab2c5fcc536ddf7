"""Which events: one filter for the live page, the API and the log.

`type:task_* -type:task_progress agent:claude_2 board:Storefront since:2h` reads: any of a field's values, every field,
none of the excluded. `*` stands for any text in a type or a source. The same filter is asked of an event in memory
(`matches`) and turned into SQL (`marcus_events.log.read`); a test holds the two together.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from marcus_events.core.event import InvalidEvent, Recorded, parse_timestamp, utc_now
from marcus_events.core.vocabulary import category_of, meaning_of

FIELDS = ("type", "category", "importance", "source", "board", "task", "agent")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class InvalidFilter(ValueError):
    """The query cannot be read; the message says where."""


@dataclass(frozen=True)
class Term:
    """One field with the values that are wanted, or unwanted."""

    field: str
    values: tuple[str, ...]
    exclude: bool = False

    def __str__(self) -> str:
        values = ",".join(self.values)
        quoted = f'"{values}"' if re.search(r"\s", values) else values
        return f"{'-' if self.exclude else ''}{self.field}:{quoted}"


@dataclass(frozen=True)
class EventFilter:
    """`since` (inclusive) and `until` (exclusive) are times of the producers' clocks. Without terms it matches all."""

    terms: tuple[Term, ...] = ()
    since: datetime | None = None
    until: datetime | None = None

    @classmethod
    def parse(cls, query: str, *, now: datetime | None = None) -> Self:
        """Read a query. Raises InvalidFilter."""
        result = cls()
        for word in split(query):
            result = result._with_word(word, now or utc_now())
        return result

    def _with_word(self, word: str, now: datetime) -> Self:
        field, colon, value = word.removeprefix("-").partition(":")
        if not colon or not value:
            raise InvalidFilter(
                f"“{word}” is not of the form field:value; fields are {', '.join(FIELDS)}, since, until"
            )
        if field == "since":
            return replace(self, since=moment(value, now))
        if field == "until":
            return replace(self, until=moment(value, now))
        if field not in FIELDS:
            raise InvalidFilter(f"“{field}” is not a field; fields are {', '.join(FIELDS)}, since, until")
        return self.with_term(field, *value.split(","), exclude=word.startswith("-"))

    def with_term(self, field: str, *values: str, exclude: bool = False) -> Self:
        """This filter and one term more; the filter itself where no value is given."""
        wanted = tuple(value for value in values if value)
        return replace(self, terms=(*self.terms, Term(field, wanted, exclude))) if wanted else self

    def without(self, field: str) -> Self:
        return replace(self, terms=tuple(term for term in self.terms if term.field != field))

    def values(self, field: str, *, exclude: bool = False) -> tuple[str, ...]:
        """The values named for a field, over all its terms."""
        chosen = [term.values for term in self.terms if term.field == field and term.exclude == exclude]
        return tuple(value for values in chosen for value in values)

    def matches(self, recorded: Recorded) -> bool:
        if self.since and recorded.timestamp < self.since:
            return False
        if self.until and recorded.timestamp >= self.until:
            return False
        return all(holds(term, recorded) for term in self.terms)

    def __str__(self) -> str:
        words = [str(term) for term in self.terms]
        words += [f"since:{self.since.isoformat()}"] if self.since else []
        words += [f"until:{self.until.isoformat()}"] if self.until else []
        return " ".join(words)


def split(query: str) -> list[str]:
    try:
        return shlex.split(query.replace("\\", "\\\\").replace("'", "\\'"))
    except ValueError:
        raise InvalidFilter("a quotation mark is not closed") from None


def moment(text: str, now: datetime) -> datetime:
    """A time, or a span before now such as 90s, 30m, 2h, 7d, 4w."""
    if span := re.fullmatch(r"(\d{1,6})([smhdw])", text):
        try:
            return now - timedelta(**{UNITS[span[2]]: int(span[1])})
        except OverflowError:
            raise InvalidFilter(f"{text} is too far back") from None
    try:
        return parse_timestamp(text)
    except InvalidEvent as error:
        raise InvalidFilter(f"{text}: {error.reason}, nor a span such as 2h") from None


def holds(term: Term, recorded: Recorded) -> bool:
    return term.exclude != any(is_value(term.field, value, recorded) for value in term.values)


def is_value(field: str, value: str, recorded: Recorded) -> bool:
    match field:
        case "type":
            return like(value, recorded.event_type)
        case "source":
            return like(value, recorded.source)
        case "category":
            return category_of(recorded.event_type) == value
        case "importance":
            return meaning_of(recorded.event_type).importance == value
        case "board":
            return value in (recorded.board_id, recorded.metadata.get("board_name"))
        case "task":
            return recorded.task_id == value
    return recorded.agent_id in agent_ids(value)


def agent_ids(value: str) -> tuple[str, str]:
    """Agents are named with or without the prefix that Marcus gives them."""
    return value, f"agent_{value}"


def like(pattern: str, text: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), text, re.DOTALL) is not None
