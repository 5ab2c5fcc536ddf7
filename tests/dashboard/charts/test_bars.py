"""Charts: geometry that stays within its view box, for none, one and many values."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.charts.bars import HEIGHT, WIDTH, bars, round_up, segments, spark

numbers = st.integers(0, 10**9)


def points(path: str) -> list[tuple[float, float]]:
    found = re.findall(r"([\d.]+) ([\d.]+)", path)
    return [(float(x), float(y)) for x, y in found]


@given(st.lists(numbers, min_size=1, max_size=60))
def test_a_sparkline_has_a_point_for_each_value_within_its_box(values: list[int]) -> None:
    found = points(spark(values).line)
    assert len(found) == len(values)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in found)


def test_a_sparkline_runs_from_end_to_end_and_is_highest_where_the_value_is() -> None:
    (x1, y1), (_, y2), (x3, y3) = points(spark([0, 10, 5]).line)
    assert (x1, x3) == (0, WIDTH)
    assert y2 < y3 < y1


def test_where_nothing_happened_the_line_lies_on_the_ground() -> None:
    assert {y for _, y in points(spark([0, 0, 0]).line)} == {HEIGHT - 1.5}


def test_the_area_below_a_line_is_closed() -> None:
    drawn = spark([1, 2])
    assert drawn.area == f"{drawn.line}L{WIDTH} {HEIGHT}L0 {HEIGHT}Z"


def test_bars_of_nothing_are_none() -> None:
    assert bars([], 1) == []


@given(st.lists(numbers, min_size=1, max_size=60))
def test_bars_stand_on_the_ground_ten_apart(values: list[int]) -> None:
    found = bars(values, round_up(max(values)))
    assert [bar.x for bar in found] == [n * 10 for n in range(len(values))]
    assert [bar.value for bar in found] == values
    assert all(0 <= bar.height <= 100 and bar.y + bar.height == pytest.approx(100, abs=0.011) for bar in found)


def test_one_among_a_million_is_still_seen_and_none_is_not() -> None:
    least, nothing, most = bars([1, 0, 1_000_000], 1_000_000)
    assert least.height > 1
    assert nothing.height == 0
    assert (most.y, most.height) == (0, 100)


@pytest.mark.parametrize(
    ("number", "top"), [(0, 1), (1, 1), (2, 2), (3, 5), (6, 10), (11, 20), (21, 50), (51, 100), (100, 100), (101, 200)]
)
def test_an_axis_ends_at_a_number_that_reads_well(number: int, top: int) -> None:
    assert round_up(number) == top


@given(numbers)
def test_an_axis_holds_its_number_and_little_more(number: int) -> None:
    assert number <= round_up(number) <= max(number * 2.5, 1)


def test_segments_of_nothing_are_none() -> None:
    assert segments([]) == segments([("done", 0), ("todo", 0)]) == []


def test_one_share_takes_the_whole_bar() -> None:
    [whole] = segments([("done", 7), ("todo", 0)])
    assert (whole.name, whole.x, whole.width) == ("done", 0, 100)


def test_segments_stand_beside_each_other_in_their_order() -> None:
    found = segments([("done", 1), ("blocked", 0), ("todo", 3)])
    assert [(part.name, part.x, part.width) for part in found] == [("done", 0, 25), ("todo", 25, 75)]


@given(st.lists(numbers, max_size=6).filter(any))
def test_segments_fill_the_bar(shares: list[int]) -> None:
    found = segments([(str(n), share) for n, share in enumerate(shares)])
    assert sum(part.width for part in found) == pytest.approx(100, abs=0.05)
