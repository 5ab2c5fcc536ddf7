"""Rate limits: per address, per token, and per address that sends unknown tokens.

The counts are per process, in memory: a shared count would cost a round trip per request, and the limits protect this
process. The window slides, so that a burst across the turn of a second does not get twice the limit.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import cache
from http import HTTPStatus
from threading import Lock

from django.conf import settings
from limits import parse

from marcus_events.core.problem import Problem


class SlidingWindowCounter:
    """Counts the requests of each subject: at most `amount` in `window_s` seconds.

    Those of the window before count in the proportion in which it lies within the last `window_s` seconds. What is
    older is forgotten.
    """

    def __init__(self, amount: int, window_s: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.amount, self.window_s = amount, window_s
        self._clock = clock
        self._lock = Lock()
        self._number = 0  # of the current window
        self._current: dict[str, int] = {}
        self._previous: dict[str, int] = {}

    def hit(self, who: str) -> bool:
        """Count a request if it is within the limit; return whether it is."""
        with self._lock:
            if has_room := self._weighted(who, self._turn()) < self.amount:
                self._current[who] = self._current.get(who, 0) + 1
            return has_room

    def is_exhausted(self, who: str) -> bool:
        """Return whether a request would exceed the limit, without counting one."""
        with self._lock:
            return self._weighted(who, self._turn()) >= self.amount

    def pause_s(self, who: str) -> float:
        """Return the time until a request is within the limit."""
        with self._lock:
            rest_s = self._turn()
            free = self.amount - self._current.get(who, 0)
            if free <= 0:
                return rest_s
            return max(0.0, rest_s - free * self.window_s / self._previous.get(who, 1))

    def _weighted(self, who: str, rest_s: float) -> float:
        return self._previous.get(who, 0) * rest_s / self.window_s + self._current.get(who, 0)

    def _turn(self) -> float:
        """Begin a new window when it is time, and return how many seconds are left of the current one."""
        number, elapsed_s = divmod(self._clock(), self.window_s)
        if number != self._number:
            self._previous = self._current if number == self._number + 1 else {}
            self._current, self._number = {}, int(number)
        return self.window_s - elapsed_s


def check(name: str, who: str, detail: str) -> None:
    """Count a request against the limit `name`. Raises Problem if the subject exceeds it."""
    counter = counter_of(name, settings.RATES[name])
    if not counter.hit(who):
        pause = max(1, math.ceil(counter.pause_s(who)))
        reason = f"{detail}: at most {counter.amount} in {counter.window_s} s."
        text = f"{reason} Try again after {pause} s."
        raise Problem(HTTPStatus.TOO_MANY_REQUESTS, text, retry_after_s=pause, limit=f"{name}_rate", reason=reason)


def is_exhausted(name: str, who: str) -> bool:
    """Return whether `check` would raise, without counting a request."""
    return counter_of(name, settings.RATES[name]).is_exhausted(who)


@cache
def counter_of(name: str, rate: str) -> SlidingWindowCounter:
    parsed = parse(rate)
    return SlidingWindowCounter(parsed.amount, parsed.get_expiry())
