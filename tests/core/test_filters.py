"""Filters: what they match, how they are written and read, and what is said of those that cannot be read."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marcus_events.core.event import EARLIEST, utc_now
from marcus_events.core.filters import FIELDS, MAX_TEXT_VALUES, MAX_VALUES, EventFilter, InvalidFilter, Term
from marcus_events.core.patterns import like
from marcus_events.core.query_syntax import split_words
from marcus_events.core.text_search import tokens
from tests.core.drawn_events import START, names, recorded

EVENT = recorded(
    "task_blocked",
    {"task_id": "t1", "agent_id": "agent_claude_2"},
    source="agent_claude_2",
    metadata={"board_id": "b1", "board_name": "Storefront, new"},
)

moments = st.datetimes(EARLIEST.replace(tzinfo=None), timezones=st.just(UTC)).filter(lambda moment: moment.year < 2200)
fields = st.sampled_from([field for field in FIELDS if field != "text"])
terms = st.builds(Term, fields, st.lists(names, min_size=1, max_size=3).map(tuple), st.booleans())
said = st.lists(names.filter(tokens), min_size=1, max_size=3).map(tuple)
terms |= st.builds(Term, st.just("text"), said, st.booleans())
filters = st.builds(EventFilter, st.lists(terms, max_size=4).map(tuple), st.none() | moments, st.none() | moments)


@given(filters)
def test_what_is_written_reads_back_as_the_same_filter(wanted: EventFilter) -> None:
    assert EventFilter.parse(str(wanted)) == wanted


@given(st.text() | st.text('type:-"\\, *abs9'))
def test_any_text_is_a_filter_or_is_refused_with_the_reason(query: str) -> None:
    with suppress(InvalidFilter):
        read = EventFilter.parse(query)
        assert EventFilter.parse(str(read)) == read


@given(st.text('type:-"\\, *ab9'))
def test_the_words_of_a_query_as_written_make_the_same_query(query: str) -> None:
    with suppress(InvalidFilter):
        assert EventFilter.parse(" ".join(split_words(query)), now=START) == EventFilter.parse(query, now=START)


def test_a_word_is_taken_out_of_a_query_whole() -> None:
    assert split_words(' type:"a b",c  -"say \\" so" since:2h') == ['type:"a b",c', '-"say \\" so"', "since:2h"]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ",
        "type:task_blocked",
        "type:task_*",
        "type:*",
        "type:*block*",
        "type:error,task_blocked",
        "-type:task_progress",
        "category:task",
        "importance:high",
        "source:agent_*",
        "agent:agent_claude_2",
        "agent:claude_2",
        "board:b1",
        'board:"Storefront, new"',
        "board_id:b1",
        "task:t1",
        "blocked",
        "TASK_block",
        "storefront",
        '"Storefront, new"',
        "nothing,blocked",
        "-nothing",
        "text:claude_2",
        "claude",
        "task_block",
        '"task blocked"',
        "block*",
        "text:task*",
        '"storefront new"',
        "type:task_blocked agent:claude_2 -category:system",
        "since:2026-05-04T09:00:00Z",
        "until:2026-05-04T09:00:00.000001Z",
        "since:2026-05-04T11:00:00+02:00",
    ],
)
def test_a_filter_that_matches(query: str) -> None:
    assert EventFilter.parse(query).matches(EVENT)


@pytest.mark.parametrize(
    "query",
    [
        "type:task",
        "type:task_*_x",
        "type:TASK_BLOCKED",
        "-type:task_*",
        "category:agent",
        "-category:task",
        "importance:low",
        "source:claude_2",
        "agent:claude",
        "board:Storefront",
        'board_id:"Storefront, new"',
        "task:t2",
        "unblocked",
        "-blocked",
        "board_name",
        "locked",
        '"block"',
        "text:block",
        '"front new"',
        '"blocked agent"',
        "type:task_blocked agent:claude_3",
        "since:2026-05-04T09:00:00.000001Z",
        "until:2026-05-04T09:00:00Z",
    ],
)
def test_a_filter_that_does_not_match(query: str) -> None:
    assert not EventFilter.parse(query).matches(EVENT)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("blocked:", "“blocked:” is not a field:value pair; fields are type, category"),
        ("type:", "“type:” is not a field:value pair"),
        ("fine & ", "“&” has no letter or digit to search for"),
        ("-text:--", "“--” has no letter or digit"),
        ("colour:red", "“colour” is not a field; fields are type, category"),
        ("-since:2h", "“-since” is not a field"),
        ('board:"Storefront', "a quotation mark is not closed"),
        (
            "since:lately",
            "“lately” is not an ISO 8601 timestamp such as 2026-05-04T09:00:00Z and is not a duration such as 2h",
        ),
        ("since:2026-05-04T09:00:00", "has no time zone"),
        ("until:2h30", "“2h30” is not an ISO 8601 timestamp"),
        ("since:1234567d", "not an ISO 8601 timestamp"),
        ("type:a\0b", "the query contains the character NUL"),
        ("type:\ud800", "the query contains half of a surrogate pair"),
    ],
)
def test_an_unreadable_query_is_refused_with_the_reason(query: str, reason: str) -> None:
    with pytest.raises(InvalidFilter) as refused:
        EventFilter.parse(query)
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    ("span", "length"),
    [
        ("90s", timedelta(seconds=90)),
        ("30m", timedelta(minutes=30)),
        ("2h", timedelta(hours=2)),
        ("7d", timedelta(days=7)),
        ("4w", timedelta(weeks=4)),
    ],
)
def test_a_span_counts_back_from_now(span: str, length: timedelta) -> None:
    assert EventFilter.parse(f"since:{span}", now=START).since == START - length


@pytest.mark.parametrize(
    ("day", "begin"),
    [
        ("today", "2026-11-18T00:00:00+01:00"),
        ("yesterday", "2026-11-17T00:00:00+01:00"),
        ("wednesday", "2026-11-18T00:00:00+01:00"),
        ("monday", "2026-11-16T00:00:00+01:00"),
        ("thursday", "2026-11-12T00:00:00+01:00"),
    ],
)
def test_a_day_begins_at_midnight_of_the_zone_of_now(day: str, begin: str) -> None:
    now = datetime(2026, 11, 18, 0, 20, tzinfo=ZoneInfo("Europe/Berlin"))  # a Wednesday; in UTC still Tuesday
    assert EventFilter.parse(f"since:{day}", now=now).since == datetime.fromisoformat(begin)
    assert EventFilter.parse(f"until:{day}", now=now).until == datetime.fromisoformat(begin)


def test_a_day_begins_at_midnight_though_the_clocks_were_changed_since() -> None:
    now = datetime(2026, 10, 26, 9, 0, tzinfo=ZoneInfo("Europe/Berlin"))  # put back at 3:00 on the day before
    assert EventFilter.parse("since:yesterday", now=now).since == datetime.fromisoformat("2026-10-25T00:00:00+02:00")
    assert EventFilter.parse("since:sunday", now=EARLIEST).since == EARLIEST


def test_a_span_longer_than_all_time_is_all_time() -> None:
    assert EventFilter.parse("since:999999w", now=utc_now()).since == EARLIEST


def test_a_filter_can_be_narrowed_and_widened() -> None:
    wanted = EventFilter().with_term("type", "a", "", "b").with_term("agent", "").with_term("type", "c", exclude=True)
    assert str(wanted) == "type:a,b -type:c"
    assert (wanted.values("type"), wanted.values("type", exclude=True)) == (("a", "b"), ("c",))
    assert wanted.without("type") == EventFilter()


@pytest.mark.parametrize(
    ("pattern", "text", "is_like"),
    [
        ("a*", "a", True),
        ("*", "", True),
        ("a*b*c", "axbxc", True),
        ("a*b*c", "abc", True),
        ("ab*ba", "aba", False),
        ("a*b*b", "ab", False),
        ("a.c", "abc", False),
        ("a*", "a\nb", True),
        ("a_c", "abc", False),
    ],
)
def test_a_star_stands_for_any_text_and_nothing_else_does(pattern: str, text: str, is_like: bool) -> None:
    assert like(pattern, text) == is_like


def test_a_malicious_pattern_costs_no_more_than_its_length() -> None:
    """A backtracking matcher would not come back from this."""
    assert not like("a*" * 5_000 + "b", "a" * 100_000)


def test_a_query_of_more_than_anybody_reads_is_refused() -> None:
    for query in (" ".join(f"-w{n}" for n in range(MAX_TEXT_VALUES + 1)), ",".join(["type:a*", *["b*"] * MAX_VALUES])):
        with pytest.raises(InvalidFilter, match="the query has more than"):
            EventFilter.parse(query)


def test_of_an_event_the_words_are_gathered_once_however_many_are_looked_for() -> None:
    found = recorded("a", {"text": "Some Words"})
    assert EventFilter.parse("some words -other").matches(found)
    assert found.words is found.words


@pytest.mark.parametrize(
    ("query", "written"),
    [
        ("login", "text:login*"),
        ("log*", "text:log*"),
        ('-"log in"', '-text:"log in"'),
        ('a,"b c",d', 'text:a*,"b c",d*'),
        ('"type:x"', "text:type:x"),
        ('say"so"', "text:sayso"),
        ("text:login", "text:login"),
    ],
)
def test_a_word_without_a_field_is_short_for_a_beginning_and_a_quoted_one_for_exactly_that(
    query: str, written: str
) -> None:
    assert str(EventFilter.parse(query)) == written
