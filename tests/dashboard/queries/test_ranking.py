"""Which blocker first: each of what it holds up, how long, and how badly makes it dearer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import log10

from dashboard.queries.blockers import cost

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


def of(standing: int = 1, minutes: float = 10, severity: str = "medium") -> float:
    return cost(standing, NOW - timedelta(minutes=minutes), severity, NOW)


def test_it_is_tasks_times_severity_times_the_logarithm_of_time() -> None:
    assert of(standing=3, minutes=10, severity="high") == 3 * 4 * 2
    assert of(minutes=1000) - of(minutes=100) == of(minutes=100) - of(minutes=10) == of(minutes=1)
    assert of(minutes=50) == 2 * (1 + log10(50))


def test_an_old_trifle_does_not_come_before_what_stops_much_since_a_minute() -> None:
    five_days = 5 * 24 * 60
    assert of(standing=21, minutes=1, severity="high") > of(minutes=five_days)
    assert of(minutes=five_days) > of(minutes=1)


def test_more_tasks_a_longer_time_and_a_higher_severity_each_cost_more() -> None:
    assert of(standing=2) > of()
    assert of(minutes=11) > of()
    assert all(of(severity=a) < of(severity=b) for a, b in pairwise(["low", "medium", "high", "critical"]))


def test_a_severity_nobody_knows_counts_as_medium() -> None:
    assert of(severity="apocalyptic") == of(severity="medium")


def test_what_is_new_or_comes_from_a_clock_ahead_of_ours_costs_something_too() -> None:
    assert of(minutes=0) == of(minutes=-60) == of(minutes=1) > 0
