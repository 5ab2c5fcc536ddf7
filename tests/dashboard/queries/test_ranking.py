"""Which blocker first: each of what it holds up, how long, and how badly makes it dearer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from dashboard.queries.blockers import cost

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


def of(standing: int = 1, minutes: float = 10, severity: str = "medium") -> float:
    return cost(standing, NOW - timedelta(minutes=minutes), severity, NOW)


def test_it_is_tasks_times_minutes_times_severity() -> None:
    assert of(standing=3, minutes=10, severity="high") == 3 * 10 * 4


def test_more_tasks_a_longer_time_and_a_higher_severity_each_cost_more() -> None:
    assert of(standing=2) > of()
    assert of(minutes=11) > of()
    assert all(of(severity=a) < of(severity=b) for a, b in pairwise(["low", "medium", "high", "critical"]))


def test_a_severity_nobody_knows_counts_as_medium() -> None:
    assert of(severity="apocalyptic") == of(severity="medium")


def test_what_is_new_or_comes_from_a_clock_ahead_of_ours_costs_something_too() -> None:
    assert of(minutes=0) == of(minutes=-60) == of(minutes=1) > 0
