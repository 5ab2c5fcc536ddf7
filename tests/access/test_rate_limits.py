"""Rate limits: their counts are forgotten in time, and without a thread."""

from __future__ import annotations

import threading

import pytest

from marcus_events.access import rate_limits
from marcus_events.access.rate_limits import Counts
from marcus_events.core.problem import Problem
from tests.waiting import wait_until


def test_counts_that_have_expired_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "EXPIRY_INTERVAL_S", 0.0)
    counts = Counts()
    for address in range(100):
        counts.incr(f"address {address}", expiry=-1)
    counts.incr("another", expiry=60)
    assert list(counts.storage) == list(counts.expirations) == ["another"]


def test_counting_starts_no_thread() -> None:
    before = set(threading.enumerate())
    counts = Counts()
    wait_until(lambda: set(threading.enumerate()) <= before)  # the library starts one at first
    for _ in range(50):
        counts.incr("address", expiry=60)
    assert set(threading.enumerate()) <= before


def test_a_limit_still_limits_and_says_when_to_come_again(settings: pytest.FixtureRequest) -> None:
    settings.RATES = {"address": "3/minute"}  # type: ignore[attr-defined]
    for _ in range(3):
        rate_limits.check("address", "192.0.2.1", "Too many requests")
    with pytest.raises(Problem) as refused:
        rate_limits.check("address", "192.0.2.1", "Too many requests")
    assert refused.value.retry_after_s is not None
    assert 1 <= refused.value.retry_after_s <= 60
