"""Rate limits: per address, per token, and per address that sends unknown tokens.

The counts are per process, in memory: a shared count would cost a round trip per request, and the limits protect this
process. The window slides, so that a burst across the turn of a second does not get twice the limit.
"""

from __future__ import annotations

import math
import time
from functools import cache
from http import HTTPStatus

from django.conf import settings
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import RateLimiter, SlidingWindowCounterRateLimiter

from marcus_events.core.problem import Problem


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
    return SlidingWindowCounterRateLimiter(MemoryStorage())


@cache
def parse_rate(stated: str) -> RateLimitItem:
    return parse(stated)
