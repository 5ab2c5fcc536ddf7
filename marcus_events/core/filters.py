"""Filter events, by one query language for pages, the API and the log.

An event matches `type:task_*,error -type:task_progress agent:claude_2 board:"Storefront, new" since:2h` if each field
has one of its values and no excluded value. `*` stands for any text in a type or a source. A word without a field
searches all texts: `login` is short for `text:login*` and finds words with this prefix, `"log in"` is short for
`text:"log in"` and finds adjacent words; `marcus_events.core.text_search` defines words.

Live pages match every event against the filter of each viewer, so a query is limited to MAX_VALUES values and to
MAX_TEXT_VALUES text values, which cost most. A filter is evaluated in memory (`matches`), in SQL
(`marcus_events.log.sql_filter`) and by the search index (`marcus_events.search`); tests/search/test_agreement.py
compares them.
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
DAYS = ("today", "yesterday")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class InvalidFilter(ValueError):
    """The query is not valid; the message says why."""


@dataclass(frozen=True)
class Term:
    """A field and the values that it must, or with `exclude` must not, have."""

    field: str
    values: tuple[str, ...]
    exclude: bool = False

    def __str__(self) -> str:
        return f"{'-' if self.exclude else ''}{self.field}:{','.join(map(quote, self.values))}"


@dataclass(frozen=True)
class EventFilter:
    """A filter of events; an empty one matches all.

    `since` (inclusive) and `until` (exclusive) are compared with `RecordedEvent.happened_at`. `seen` are the boards
    that the reader sees, None for all: a restricted reader gets events without references to other boards
    (`marcus_events.search.masking`), and cannot search the fields that name other tasks.
    """

    terms: tuple[Term, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    seen: frozenset[str] | None = None

    @classmethod
    def parse(cls, query: str, *, now: datetime | None = None) -> Self:
        """Parse a query. Raises InvalidFilter."""
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
        """Return this filter with one more term; unchanged if no value is given."""
        wanted = tuple(value for value in values if value)
        return replace(self, terms=(*self.terms, Term(field, wanted, exclude))) if wanted else self

    def without(self, field: str) -> Self:
        return replace(self, terms=tuple(term for term in self.terms if term.field != field))

    def values(self, field: str, *, exclude: bool = False) -> tuple[str, ...]:
        """Return the values of a field, over all its terms."""
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
    """Return the field of a word and its values. A colon in quotation marks does not separate a field."""
    first, *others = word
    name, colon, _ = first.text[: first.plain].partition(":")
    if colon:
        return name, [first.text[len(name) + 1 :], *(value.text for value in others)]
    excludes = name.startswith("-")
    bare = QueryValue(first.text[excludes:], first.plain - excludes)
    return "-text" if excludes else "text", [to_text_value(value) for value in (bare, *others)]


def to_text_value(value: QueryValue) -> str:
    """Return a value of the field `text`: a prefix, unless it was quoted."""
    return value.text if value.is_quoted else value.text and value.text.rstrip("*") + "*"


def check_limits(wanted: EventFilter) -> None:
    """Check the limits, and that each text value has a word. Raises InvalidFilter."""
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
    """Parse a time, a duration before now such as 90s, 30m, 2h, 7d, 4w, or a day. Raises InvalidFilter."""
    if (span := parse_duration(text)) is not None:
        return now - min(span, now - EARLIEST)
    if (days := days_ago(text, now)) is not None:
        return start_of_day(now, days)
    try:
        return parse_timestamp(text)
    except InvalidEvent as error:
        raise InvalidFilter(f"“{text}” {error.reason.rstrip()} and is not a duration such as 2h") from None


def parse_duration(text: str) -> timedelta | None:
    """Parse a duration such as 90s, 30m, 2h, 7d, 4w; None if it is not one."""
    span = re.fullmatch(r"([0-9]{1,6})([smhdw])", text)
    return timedelta(**{UNITS[span[2]]: int(span[1])}) if span else None


def days_ago(text: str, now: datetime) -> int | None:
    """Return how many days ago a named day began: today, yesterday, or the last Monday, Tuesday …; None for others."""
    if text in DAYS:
        return DAYS.index(text)
    return (now.weekday() - WEEKDAYS.index(text)) % 7 if text in WEEKDAYS else None


def start_of_day(now: datetime, days: int) -> datetime:
    """Return when the day began, on the clocks of the zone of `now`."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return max(midnight - min(timedelta(days=days), now - EARLIEST), EARLIEST)


def format_moment(moment: datetime) -> str:
    """Format a time with Z: the plus sign of an offset would be read as a space in a URL."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def matches_term(term: Term, recorded: RecordedEvent, *, sees_all: bool = True) -> bool:
    is_value = contains_phrase_of_its_own if term.field == "text" and not sees_all else PREDICATES[term.field]
    return term.exclude != any(is_value(value, recorded) for value in term.values)


def contains_phrase(value: str, recorded: RecordedEvent) -> bool:
    """Whether the type, the source or any text of the event has these words adjacent."""
    return contains_phrase_of_its_own(value, recorded) or recorded.words_of_others.said(phrase(value))


def contains_phrase_of_its_own(value: str, recorded: RecordedEvent) -> bool:
    """Do the same for a restricted reader: without the fields that name other tasks."""
    return recorded.words.said(phrase(value))


def both_values(recorded: RecordedEvent, name: str) -> tuple[object, object]:
    """Return the field of the metadata and that of the data."""
    return recorded.metadata.get(name), recorded.data.get(name)


def agent_id_forms(value: str) -> tuple[str, str]:
    """Return the id with and without Marcus's prefix."""
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
