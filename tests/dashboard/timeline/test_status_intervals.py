"""Spells cut to a window: nothing overlaps, nothing is lost, and the shares add up."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.timeline.status_intervals import (
    KINDS,
    SILENT,
    UNKNOWN,
    AgentInterval,
    IntervalPart,
    Window,
    clip,
    end_at_silence,
    kind_of,
    round_percents,
    shares,
)
from tests.core.drawn_events import START

statuses = st.sampled_from([*KINDS[:-1], SILENT, "on leave"])
tasks = st.sampled_from(["", "a", "b"])
lengths = st.integers(0, 2_000) | st.integers(0, 20)  # seconds


@st.composite
def told(draw: st.DrawFn) -> list[AgentInterval]:
    """Spells one after another, with gaps; the last may go on."""
    intervals, at = [], START
    for _ in range(draw(st.integers(0, 25))):
        at += timedelta(seconds=draw(st.integers(0, 3)) * draw(lengths))
        end = at + timedelta(seconds=draw(lengths))
        intervals.append(AgentInterval(at, end, draw(statuses), draw(tasks)))
        at = end
    return [*intervals, AgentInterval(at, None, draw(statuses), draw(tasks))] if draw(st.booleans()) else intervals


@st.composite
def windows(draw: st.DrawFn) -> Window:
    since = START + timedelta(seconds=draw(st.integers(-1_000, 20_000)))
    return Window(since, since + timedelta(seconds=draw(st.integers(1, 10_000))))


def covered(intervals: list[AgentInterval], window: Window) -> timedelta:
    ends = [
        (max(interval.start, window.since), min(interval.end or window.until, window.until)) for interval in intervals
    ]
    return sum((end - start for start, end in ends if start < end), timedelta())


@given(told(), windows())
def test_parts_lie_in_the_window_one_after_another(intervals: list[AgentInterval], window: Window) -> None:
    found = clip(intervals, window)
    assert all(window.since <= part.start < part.end <= window.until for part in found)
    assert all(before.end <= after.start for before, after in pairwise(found))


@given(told(), windows())
def test_parts_cover_what_the_spells_cover_and_no_more(intervals: list[AgentInterval], window: Window) -> None:
    assert sum((part.length for part in clip(intervals, window)), timedelta()) == covered(intervals, window)


@given(told(), windows())
def test_the_shares_add_up_to_the_covered_time_that_is_known(intervals: list[AgentInterval], window: Window) -> None:
    found = shares(clip(intervals, window))
    known = [interval for interval in intervals if kind_of(interval.status) not in UNKNOWN]
    assert sum((share.length for share in found), timedelta()) == covered(known, window)
    assert sum(share.percent for share in found) == (100 if found else 0)


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=5))
def test_a_rounded_percentage_is_off_by_less_than_one(seconds: list[int]) -> None:
    percents = round_percents([timedelta(seconds=number) for number in seconds])
    assert all(abs(part - each * 100 / sum(seconds)) < 1 for part, each in zip(percents, seconds, strict=True))


def minutes(start: float, end: float | None, status: str = "working", task: str = "a") -> AgentInterval:
    return AgentInterval(START + timedelta(minutes=start), None if end is None else at(end), status, task)


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


HOUR = Window(START, START + timedelta(hours=1))


def test_neighbours_alike_are_one_and_keep_when_they_began_and_ended() -> None:
    [one] = clip([minutes(-30, -10), minutes(-10, 5), minutes(5, 90)], HOUR)
    assert one == IntervalPart(HOUR.since, HOUR.until, "working", "a", minutes(-10, 0).start, minutes(0, 90).end)


@pytest.mark.parametrize("second", [minutes(5, 9, task="b"), minutes(5, 9, status="blocked"), minutes(6, 9)])
def test_another_task_another_status_or_a_gap_makes_two(second: AgentInterval) -> None:
    assert len(clip([minutes(0, 5), second], HOUR)) == 2


def test_what_goes_on_lasts_to_the_end_of_the_window() -> None:
    [part] = clip([minutes(50, None)], HOUR)
    assert (part.length, part.ended) == (timedelta(minutes=10), None)


def test_what_an_agent_says_of_itself_is_of_another_kind() -> None:
    assert [kind_of(status) for status in ("blocked", "offline", "on leave")] == ["blocked", "offline", "other"]


def test_silence_ends_the_open_interval_and_no_other() -> None:
    ended, going_on = minutes(0, 5), minutes(5, None)
    silent = AgentInterval(at(9), None, SILENT)
    assert end_at_silence([ended, going_on], at(9)) == [ended, minutes(5, 9), silent]
    assert end_at_silence([ended], at(9)) == [ended]
    assert end_at_silence([going_on], at(2)) == [minutes(5, 5), AgentInterval(at(5), None, SILENT)]
    assert [share.kind for share in shares(clip([ended, minutes(5, 9), silent], HOUR))] == ["working"]
