"""Which events: one filter for the live page, the API and the log.

`type:task_*,error -type:task_progress agent:claude_2 board:"Storefront, new" since:2h` reads: any of a field's values,
every field, none of the excluded. `*` stands for any text in a type or a source. A word without a field is looked for
in every text of the event: `login` finds what begins so, `"log in"` these words side by side. It is short for
`text:login*` and `text:"log in"`; see `marcus_events.core.text_search` for what a word is.

A filter is asked of every event for everybody who follows, so a query holds no more than MAX_VALUES, and MAX_WORDS of
the dear ones. The same filter is asked of an event in memory (`matches`), turned into SQL
(`marcus_events.log.sql_filter`), and asked of the search index (`marcus_events.search`); tests hold them together.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Self

from marcus_events.core.event import EARLIEST, InvalidEvent, RecordedEvent, parse_timestamp, utc_now
from marcus_events.core.event_types import category_of, meaning_of
from marcus_events.core.patterns import like
from marcus_events.core.payload import check_text
from marcus_events.core.query_syntax import QueryValue, parse_words, quote
from marcus_events.core.text_search import phrase

MAX_VALUES = 200  # of a query, over all its fields
MAX_TEXT_VALUES = 20  # of a query, that are looked for in every text
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
        return f"{'-' if self.exclude else ''}{self.field}:{','.join(map(quote, self.values))}"


@dataclass(frozen=True)
class EventFilter:
    """`since` (inclusive) and `until` (exclusive) are compared with `Recorded.happened_at`: the timestamp, or the
    time of recording where the producer's clock was ahead. Without terms it matches all. `seen` are the boards that the
    reader sees, None for all: what matches is shown without what it names on others (`marcus_events.search.masking`),
    and words are not looked for in what names other tasks.
    """

    terms: tuple[Term, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    seen: frozenset[str] | None = None

    @classmethod
    def parse(cls, query: str, *, now: datetime | None = None) -> Self:
        """Read a query. Raises InvalidFilter."""
        result = cls()
        for word in read_words(query):
            name, values = parse_word(word)
            if not any(values):
                raise InvalidFilter(f"“{word[0].text}” is not a field:value pair; {KNOWN_FIELDS}")
            result = result._with(name, values, now or utc_now())
        check_limits(result)
        return result

    def _with(self, name: str, values: list[str], now: datetime) -> Self:
        if name == "since":
            return replace(self, since=parse_moment(",".join(values), now))
        if name == "until":
            return replace(self, until=parse_moment(",".join(values), now))
        field = name.removeprefix("-")
        if field not in FIELDS:
            raise InvalidFilter(f"“{name}” is not a field; {KNOWN_FIELDS}")
        return self.with_term(field, *values, exclude=name.startswith("-"))

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

    def matches(self, recorded: RecordedEvent) -> bool:
        if self.since and recorded.happened_at < self.since:
            return False
        if self.until and recorded.happened_at >= self.until:
            return False
        return all(matches_term(term, recorded, sees_all=self.seen is None) for term in self.terms)

    def __str__(self) -> str:
        since = [f"since:{format_moment(self.since)}"] if self.since else []
        until = [f"until:{format_moment(self.until)}"] if self.until else []
        return " ".join([*map(str, self.terms), *since, *until])


def parse_word(word: list[QueryValue]) -> tuple[str, list[str]]:
    """The field of a word and its values. What stands in quotation marks names no field."""
    first, *others = word
    name, colon, _ = first.text[: first.plain].partition(":")
    if colon:
        return name, [first.text[len(name) + 1 :], *(value.text for value in others)]
    excludes = name.startswith("-")
    bare = QueryValue(first.text[excludes:], first.plain - excludes)
    return "-text" if excludes else "text", [to_text_value(value) for value in (bare, *others)]


def to_text_value(value: QueryValue) -> str:
    """In the field's own form: the beginning of a word, unless it stood in quotation marks."""
    return value.text if value.is_quoted else value.text and value.text.rstrip("*") + "*"


def check_limits(wanted: EventFilter) -> None:
    """Raises InvalidFilter."""
    if sum(len(term.values) for term in wanted.terms) > MAX_VALUES:
        raise InvalidFilter(f"the query has more than {MAX_VALUES} values")
    if sum(len(term.values) for term in wanted.terms if term.field == "text") > MAX_TEXT_VALUES:
        raise InvalidFilter(f"the query has more than {MAX_TEXT_VALUES} words to search for")
    for value in (*wanted.values("text"), *wanted.values("text", exclude=True)):
        if not phrase(value).words:
            raise InvalidFilter(f"“{value.removesuffix('*')}” has no letter or digit to search for")


def read_words(query: str) -> list[list[QueryValue]]:
    try:
        check_text(query, "")  # no database compares with what it cannot hold
        return parse_words(query)
    except InvalidEvent as error:
        raise InvalidFilter(f"the query {error.reason}") from None
    except ValueError as error:
        raise InvalidFilter(str(error)) from None


def parse_moment(text: str, now: datetime) -> datetime:
    """A time, or a span before now such as 90s, 30m, 2h, 7d, 4w. Raises InvalidFilter."""
    if (span := parse_duration(text)) is not None:
        return now - min(span, now - EARLIEST)
    try:
        return parse_timestamp(text)
    except InvalidEvent as error:
        raise InvalidFilter(f"“{text}” {error.reason}and is not a duration such as 2h") from None


def parse_duration(text: str) -> timedelta | None:
    """The length of a span such as 90s, 30m, 2h, 7d, 4w; None where it is none."""
    span = re.fullmatch(r"([0-9]{1,6})([smhdw])", text)
    return timedelta(**{UNITS[span[2]]: int(span[1])}) if span else None


def format_moment(moment: datetime) -> str:
    """With Z, since the plus sign of an offset is read as a space in a URL."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def matches_term(term: Term, recorded: RecordedEvent, *, sees_all: bool = True) -> bool:
    is_value = contains_phrase_of_its_own if term.field == "text" and not sees_all else PREDICATES[term.field]
    return term.exclude != any(is_value(value, recorded) for value in term.values)


def contains_phrase(value: str, recorded: RecordedEvent) -> bool:
    """Whether the type, the source or any text in the data or metadata has these words side by side."""
    return contains_phrase_of_its_own(value, recorded) or recorded.words_of_others.said(phrase(value))


def contains_phrase_of_its_own(value: str, recorded: RecordedEvent) -> bool:
    """The same for a reader who does not see every board: what names other tasks tells them nothing."""
    return recorded.words.said(phrase(value))


def both_values(recorded: RecordedEvent, name: str) -> tuple[object, object]:
    """What the metadata and the data say."""
    return recorded.metadata.get(name), recorded.data.get(name)


def agent_id_forms(value: str) -> tuple[str, str]:
    """Agents are named with or without the prefix that Marcus gives them."""
    return value, f"agent_{value}"


PREDICATES: dict[str, Callable[[str, RecordedEvent], bool]] = {
    "type": lambda value, recorded: like(value, recorded.event_type),
    "category": lambda value, recorded: value == category_of(recorded.event_type),
    "importance": lambda value, recorded: value == meaning_of(recorded.event_type).importance,
    "source": lambda value, recorded: like(value, recorded.source),
    "board": lambda value, recorded: value in (recorded.board_id, recorded.metadata.get("board_name")),
    "board_id": lambda value, recorded: value == recorded.board_id,
    "task": lambda value, recorded: value == recorded.task_id,
    "agent": lambda value, recorded: recorded.agent_id in agent_id_forms(value),
    "external": lambda value, recorded: value in both_values(recorded, "external_id"),
    "sync": lambda value, recorded: value in both_values(recorded, "sync_status"),
    "text": contains_phrase,
}
FIELDS = tuple(PREDICATES)
KNOWN_FIELDS = f"fields are {', '.join(FIELDS)}, since, until"
