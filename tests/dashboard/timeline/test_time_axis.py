"""Which stretch of time a timeline shows: whatever the address says, it is one, and its marks lie in it."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.timeline import time_axis
from dashboard.timeline.status_intervals import Window
from marcus_events.core.event import EARLIEST
from tests.core.drawn_events import START, moments, texts

names = st.sampled_from([*time_axis.SPANS])


@given(names, moments)
def test_it_ends_less_than_a_column_after_now(name: str, now: datetime) -> None:
    span = time_axis.span_of(name)
    shown = time_axis.window_of(span, None, now)
    assert timedelta() <= shown.until - now < span.length / 720
    assert shown.length == span.length


@given(names, moments)
def test_the_marks_lie_in_it_as_far_apart_as_they_say(name: str, now: datetime) -> None:
    span = time_axis.span_of(name)
    shown = time_axis.window_of(span, None, now)
    marks = time_axis.marks(span, shown)
    assert 6 <= len(marks) <= 9
    assert all(0 <= mark.left < 100 and shown.since <= mark.at < shown.until for mark in marks)
    assert {after.at - before.at for before, after in pairwise(marks)} == {span.mark}
    assert all((mark.at - time_axis.ORIGIN) % span.mark == timedelta() for mark in marks)


@given(texts, texts)
def test_what_is_no_span_and_no_time_is_the_usual_one_until_now(name: str, until: str) -> None:
    assert time_axis.span_of(name) in time_axis.SPANS.values()
    assert (time_axis.parse_end(until, START) or START) <= START


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
    assert time_axis.parse_end(until, START) == end


def test_the_earliest_time_there_is_can_be_looked_at() -> None:
    end = time_axis.parse_end("1970-01-01T00:00:00Z", START)
    shown = time_axis.window_of(time_axis.SPANS["7d"], end, START)
    assert (shown.since, shown.length) == (EARLIEST, timedelta(days=7))
    assert time_axis.parse_end(time_axis.earlier_until(shown), START) == end


def test_later_leads_back_to_now() -> None:
    shown = Window(START - timedelta(hours=3), START - timedelta(hours=2))
    assert time_axis.earlier_until(shown) == "2026-05-04T06:00:00Z"
    assert time_axis.later_until(shown, START) == "2026-05-04T08:00:00Z"
    assert time_axis.later_until(Window(START - timedelta(hours=2), START - timedelta(hours=1)), START) == ""
