"""Rate limits: per address, per token, and per address that sends unknown tokens.

The counts are per process, in memory: a shared count would cost a round trip per request, and the limits protect this
process. The window slides, so that a burst across the turn of a second does not get twice the limit.
"""

from __future__ import annotations

import math
import threading
import time
from functools import cache
from http import HTTPStatus

from django.conf import settings
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import RateLimiter, SlidingWindowCounterRateLimiter

from marcus_events.core.problem import Problem

EXPIRY_INTERVAL_S = 1.0


class Counts(MemoryStorage):
    """Counts in memory; whoever counts also forgets what has expired.

    The library would start a thread for that, up to a hundred times a second.
    """

    def __init__(self) -> None:
        super().__init__()
        self.timer = EndlessTimer(0, self.forget_expired)
        self._due = 0.0

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        if (now := time.monotonic()) >= self._due:
            self._due = now + EXPIRY_INTERVAL_S
            self.forget_expired()
        return super().incr(key, expiry, amount)

    def forget_expired(self) -> None:
        for key in list(self.expirations):
            self.get(key)


class EndlessTimer(threading.Timer):
    """Seems to run, so that the library starts no other."""

    def is_alive(self) -> bool:
        return True


def check(name: str, who: str, detail: str) -> None:
    """Count a request against the limit `name`. Raises Problem if the subject exceeds it."""
    rate = parse_rate(settings.RATES[name])
    if not limiter().hit(rate, name, who):
        until = limiter().get_window_stats(rate, name, who).reset_time
        pause = max(1, math.ceil(until - time.time()))
        reason = f"{detail}: at most {rate.amount} in {rate.get_expiry()} s."
        text = f"{reason} Try again after {pause} s."
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, text, retry_after_s=pause, limit=f"{name}_rate", reason=reason)


def is_exhausted(name: str, who: str) -> bool:
    """Return whether `check` would raise, without counting a request."""
    return not limiter().test(parse_rate(settings.RATES[name]), name, who)


@cache
def limiter() -> RateLimiter:
    return SlidingWindowCounterRateLimiter(Counts())


@cache
def parse_rate(stated: str) -> RateLimitItem:
    return parse(stated)
