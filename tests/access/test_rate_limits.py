"""Rate limits: a sliding window, whose counts are forgotten in time."""

from __future__ import annotations

import random

import pytest

from marcus_events.access import rate_limits
from marcus_events.access.rate_limits import SlidingWindowCounter
from marcus_events.core.problem import Problem


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def hits(counter: SlidingWindowCounter, number: int, who: str = "a") -> int:
    """How many of so many requests are within the limit."""
    return sum(counter.hit(who) for _ in range(number))


def test_each_subject_has_a_limit_of_its_own() -> None:
    counter = SlidingWindowCounter(3, 10, Clock())
    assert [hits(counter, 5), hits(counter, 5, "b")] == [3, 3]
    assert counter.is_exhausted("a")
    assert not counter.is_exhausted("c")


def test_a_burst_across_the_turn_of_a_window_does_not_get_twice_the_limit() -> None:
    clock = Clock()
    counter = SlidingWindowCounter(100, 10, clock)
    clock.now = 1_009.9
    assert hits(counter, 200) == 100
    clock.now = 1_010.0
    assert hits(counter, 200) == 0
    clock.now = 1_015.0
    assert hits(counter, 200) == 50
    clock.now = 1_020.0
    assert hits(counter, 200) == 50


def test_looking_and_refused_requests_are_not_counted() -> None:
    clock = Clock()
    counter = SlidingWindowCounter(2, 10, clock)
    assert not any(counter.is_exhausted("a") for _ in range(5))
    assert hits(counter, 50) == 2
    clock.now += 20
    assert hits(counter, 50) == 2


@pytest.mark.parametrize("seed", range(20))
def test_a_request_after_the_stated_pause_is_within_the_limit_and_one_before_is_not(seed: int) -> None:
    drawn, clock = random.Random(seed), Clock()  # noqa: S311 - guards nothing
    counter = SlidingWindowCounter(drawn.randint(1, 20), drawn.randint(1, 60), clock)
    refused = 0
    for _ in range(300):
        clock.now += drawn.uniform(0, 2 * counter.window_s / counter.amount)
        if not counter.hit("a"):
            pause_s = counter.pause_s("a")
            refused += 1
            clock.now += pause_s / 2
            assert counter.is_exhausted("a")
            clock.now += pause_s / 2 + 0.001
            assert not counter.is_exhausted("a")
    assert refused


def test_counts_of_windows_that_are_over_are_forgotten() -> None:
    clock = Clock()
    counter = SlidingWindowCounter(3, 10, clock)
    for number in range(100):
        counter.hit(f"address {number}")
    for _ in range(2):
        clock.now += 10
        counter.hit("another")
    assert {*counter._current, *counter._previous} == {"another"}


def test_a_limit_says_when_to_come_again(settings: pytest.FixtureRequest) -> None:
    settings.RATES = {"address": "3/minute"}  # type: ignore[attr-defined]
    for _ in range(3):
        rate_limits.check("address", "192.0.2.1", "Too many requests")
    with pytest.raises(Problem) as refused:
        rate_limits.check("address", "192.0.2.1", "Too many requests")
    assert refused.value.retry_after_s is not None
    assert 1 <= refused.value.retry_after_s <= 60
