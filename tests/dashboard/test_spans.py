"""Which stretch of time a timeline shows: whatever the address says, it is one, and its marks lie in it."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import spans
from dashboard.spells import Window
from marcus_events.core.event import EARLIEST
from tests.core.made import START, moments, texts

names = st.sampled_from([*spans.SPANS])


@given(names, moments)
def test_it_ends_less_than_a_column_after_now(name: str, now: datetime) -> None:
    span = spans.span_of(name)
    shown = spans.window(span, None, now)
    assert timedelta() <= shown.until - now < span.length / 720
    assert shown.length == span.length


@given(names, moments)
def test_the_marks_lie_in_it_as_far_apart_as_they_say(name: str, now: datetime) -> None:
    span = spans.span_of(name)
    shown = spans.window(span, None, now)
    marks = spans.marks(span, shown)
    assert 6 <= len(marks) <= 9
    assert all(0 <= mark.left < 100 and shown.since <= mark.at < shown.until for mark in marks)
    assert {after.at - before.at for before, after in pairwise(marks)} == {span.mark}
    assert all((mark.at - spans.START) % span.mark == timedelta() for mark in marks)


@given(texts, texts)
def test_what_is_no_span_and_no_time_is_the_usual_one_until_now(name: str, until: str) -> None:
    assert spans.span_of(name) in spans.SPANS.values()
    assert (spans.ending(until, START) or START) <= START


@pytest.mark.parametrize(
    ("until", "end"),
    [
        ("", None),
        ("soon", None),
        ("2026-05-04T08:00:00Z", START - timedelta(hours=1)),
        ("2026-05-04T09:00:00Z", None),
        ("2999-01-01T00:00:00Z", None),
    ],
)
def test_it_ends_at_a_time_that_is_past(until: str, end: datetime | None) -> None:
    assert spans.ending(until, START) == end


def test_the_earliest_time_there_is_can_be_looked_at() -> None:
    end = spans.ending("1970-01-01T00:00:00Z", START)
    shown = spans.window(spans.SPANS["7d"], end, START)
    assert (shown.since, shown.length) == (EARLIEST, timedelta(days=7))
    assert spans.ending(spans.earlier(shown), START) == end


def test_later_leads_back_to_now() -> None:
    shown = Window(START - timedelta(hours=3), START - timedelta(hours=2))
    assert spans.earlier(shown) == "2026-05-04T06:00:00Z"
    assert spans.later(shown, START) == "2026-05-04T08:00:00Z"
    assert spans.later(Window(START - timedelta(hours=2), START - timedelta(hours=1)), START) == ""
