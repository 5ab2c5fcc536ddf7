"""Lanes: whatever is thin is merged but covered, nothing overlaps, nothing blocked is lost, and there is an end."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from math import floor

from hypothesis import given
from hypothesis import strategies as st

from dashboard.timeline import timeline_layout
from dashboard.timeline.status_intervals import AgentInterval, IntervalPart, Window, clip
from tests.core.drawn_events import START
from tests.dashboard.timeline.test_status_intervals import told, windows

DAY = Window(START, START + timedelta(days=1))
columns = st.sampled_from([1, 7, 288, 720])


def covers(block: timeline_layout.LaneBlock) -> range:
    return range(block.first, block.first + block.width)


@given(told(), windows(), columns)
def test_blocks_stand_within_the_lane_and_do_not_overlap(
    intervals: list[AgentInterval], window: Window, number: int
) -> None:
    found = timeline_layout.layout_blocks(clip(intervals, window), window, number)
    assert all(block.first >= 0 and block.width > 0 and block.first + block.width <= number for block in found)
    assert all(before.first + before.width <= after.first for before, after in pairwise(found))


@given(told(), windows(), columns)
def test_every_moment_that_is_known_is_covered(intervals: list[AgentInterval], window: Window, number: int) -> None:
    parts = clip(intervals, window)
    covered = {column for block in timeline_layout.layout_blocks(parts, window, number) for column in covers(block)}
    for part in parts:
        middle = part.start + part.length / 2
        assert min(floor((middle - window.since) / window.length * number), number - 1) in covered


@given(told(), windows(), columns)
def test_nothing_that_was_blocked_is_merged_away(intervals: list[AgentInterval], window: Window, number: int) -> None:
    parts = clip(intervals, window)
    shown = any(block.interval.kind == "blocked" for block in timeline_layout.layout_blocks(parts, window, number))
    assert shown == any(part.kind == "blocked" for part in parts)


@given(told(), windows(), columns)
def test_every_spell_is_counted_in_some_block(intervals: list[AgentInterval], window: Window, number: int) -> None:
    parts = clip(intervals, window)
    counted = {index for block in timeline_layout.layout_blocks(parts, window, number) for index in block.intervals}
    assert counted == set(range(len(parts)))


def restless(number: int) -> list[IntervalPart]:
    """An agent that never stays at anything."""
    each = DAY.length / number
    statuses = ("working", "waiting", "idle")
    intervals = [AgentInterval(START + n * each, START + (n + 1) * each, statuses[n % 3]) for n in range(number)]
    return clip(intervals, DAY)


def test_ten_thousand_spells_make_no_more_blocks_than_there_may_be() -> None:
    found = timeline_layout.layout_lane(restless(10_000), DAY, max_blocks=100)
    assert 0 < len(found) <= 100
    assert sum(block.width for block in found) == found[0].columns


def test_a_lane_with_few_spells_is_drawn_as_finely_as_can_be() -> None:
    [first, second] = timeline_layout.layout_lane(restless(2), DAY, max_blocks=1)
    assert (first.left, first.share, second.left) == (0, 50, 50)
    assert first.columns == timeline_layout.COLUMNS


def test_what_was_blocked_for_a_second_of_a_day_is_seen() -> None:
    second = START + timedelta(hours=5, seconds=1)
    intervals = [
        AgentInterval(START, second - timedelta(seconds=1), "working", "a"),
        AgentInterval(second - timedelta(seconds=1), second, "blocked", "a"),
        AgentInterval(second, None, "working", "a"),
    ]
    kinds = [block.interval.kind for block in timeline_layout.layout_blocks(clip(intervals, DAY), DAY, 288)]
    assert kinds == ["working", "blocked", "working"]


def test_a_drawing_has_a_path_for_each_kind_and_hatches_what_is_blocked() -> None:
    intervals = [
        AgentInterval(START, START + DAY.length / 2, "idle"),
        AgentInterval(START + DAY.length / 2, None, "blocked"),
    ]
    drawn = timeline_layout.draw(timeline_layout.layout_blocks(clip(intervals, DAY), DAY, 10))
    assert drawn.paths == [("idle", "M0 17h5v3h-5z")]
    assert drawn.blocked == "M5 0h5v20h-5z"
    assert timeline_layout.draw([]) == timeline_layout.Drawing(timeline_layout.COLUMNS, [], "")
