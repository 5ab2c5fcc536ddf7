"""How far a clock was ahead, in words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from marcus_events.core.clock_skew import describe_skew


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(minutes=5, seconds=1), "clock ahead by 5 min"),
        (timedelta(minutes=119), "clock ahead by 119 min"),
        (timedelta(hours=3) - timedelta(seconds=1), "clock ahead by 3 h"),
        (timedelta(hours=47), "clock ahead by 47 h"),
        (timedelta(days=2), "clock ahead by 2 d"),
        (timedelta(days=365 * 2), "clock ahead by 2 years"),
        (timedelta(days=365 * 173), "clock ahead by 173 years"),
    ],
)
def test_in_the_largest_unit_of_which_there_are_two(ahead: timedelta, words: str) -> None:
    assert describe_skew(ahead) == words
