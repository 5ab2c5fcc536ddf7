"""Publishers are slowed from the bound on until half of it, but not for what was there before."""

from __future__ import annotations

import pytest

from marcus_events.core.lag_limit import STALLED_AFTER_S, STARTED_OVER_S, LagLimit
from marcus_events.core.threshold import Threshold

AGES_AGO = STARTED_OVER_S * 24


def test_a_threshold_is_exceeded_from_its_limit_on_until_half_of_it() -> None:
    threshold = Threshold(30)
    lags = (0, 29.9, 30, 16, 40, 15.1, 15, 29, 16, 30)
    found = [threshold.update(lag) for lag in lags]
    assert found == [False, False, True, True, True, True, False, False, False, True]


def test_a_projection_that_falls_behind_exceeds_its_limit_whether_it_moves_or_not() -> None:
    for step in (0, 100):
        limit = LagLimit(30, now=0)
        for second in range(40):
            limit.update(second * step, second, now=second)
            assert limit.is_exceeded == (second >= 30)


def test_a_projection_that_starts_over_slows_nobody_until_it_is_near() -> None:
    limit = LagLimit(30, now=0)
    for second in range(1_000):
        limit.update(second * 1_000, AGES_AGO - second, now=second)
        assert not limit.is_exceeded
    limit.update(2_000_000, STARTED_OVER_S, now=1_000)
    found = [limit.is_exceeded]
    limit.update(2_001_000, 15, now=1_001)
    assert [*found, limit.is_exceeded] == [True, False]


def test_a_projection_that_has_stopped_long_ago_slows_publishers() -> None:
    limit = LagLimit(30, now=0)
    found = []
    for position, now in ((7, 0), (7, STALLED_AFTER_S), (8, STALLED_AFTER_S + 1)):
        limit.update(position, AGES_AGO, now)
        found.append(limit.is_exceeded)
    assert found == [False, True, False], "it may just have been started; it stands still; it moves"


@pytest.mark.parametrize("lag_s", [40, AGES_AGO])
def test_a_projection_that_does_not_move_is_stalled(lag_s: float) -> None:
    limit = LagLimit(30, now=100)
    for now, position, is_stalled in ((100, 5, False), (109, 5, False), (110, 5, True), (111, 6, False)):
        limit.update(position, lag_s, now)
        assert limit.is_stalled == is_stalled
