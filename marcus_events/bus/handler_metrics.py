"""Metrics of the event library: per handler, and per event type.

Counting costs less than a microsecond per publish, and bounded memory: durations are those of a handler's last SAMPLE
calls, types beyond MAX_TYPES are counted together, and handlers with the same name and pattern share a row.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from statistics import quantiles
from typing import Any

SAMPLE = 512  # durations per handler: the 99th percentile still rests on five of them
MAX_TYPES = 1_000  # counted by name; a type's name may come from anyone
MAX_HANDLERS = 1_000  # rows of one Events; programs have tens
OTHERS = "(others)"
WINDOW_S = 60  # over which events per second are averaged


class HandlerStats:
    """The calls of one handler for one pattern. Durations are in seconds."""

    __slots__ = ("calls", "durations", "errors", "handler", "in_flight", "last_error", "pattern", "timeouts", "total_s")

    def __init__(self, pattern: str, handler: str) -> None:
        self.pattern = pattern
        self.handler = handler
        self.calls = self.errors = self.timeouts = self.in_flight = 0
        self.total_s = 0.0
        self.durations: deque[float] = deque(maxlen=SAMPLE)
        self.last_error: str | None = None

    def ended(self, began: float, error: BaseException | None = None) -> float:
        """Count a call that has ended; return how many seconds it took. `began` is in the time of `perf_counter`."""
        took = time.perf_counter() - began
        self.in_flight -= 1
        self.calls += 1
        self.total_s += took
        self.durations.append(took)
        if error is not None:
            self.errors += 1
            self.last_error = f"{type(error).__name__}: {error}"
        return took

    def as_dict(self) -> dict[str, Any]:
        """Times are in milliseconds, and percentiles those of the last SAMPLE calls; None before the first call."""
        cuts = percentiles(self.durations)
        return {
            "pattern": self.pattern,
            "handler": self.handler,
            "calls": self.calls,
            "errors": self.errors,
            "timeouts": self.timeouts,
            "in_flight": self.in_flight,
            "mean_ms": 1_000 * self.total_s / self.calls if self.calls else None,
            **{f"p{rank}_ms": 1_000 * cuts[rank - 1] if cuts else None for rank in (50, 95, 99)},
            "last_error": self.last_error,
        }


def percentiles(durations: deque[float]) -> list[float]:
    if len(durations) < 2:
        return [*durations] * 99
    return quantiles(durations, n=100, method="inclusive")


class AllHandlerStats:
    """The rows of one `Events`, one per pattern and handler name."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], HandlerStats] = {}

    def row(self, pattern: str, handler: str) -> HandlerStats:
        key = (pattern, handler)
        if key not in self._rows and len(self._rows) >= MAX_HANDLERS:
            key = (OTHERS, OTHERS)
        return self._rows.setdefault(key, HandlerStats(*key))

    def as_list(self) -> list[dict[str, Any]]:
        return [row.as_dict() for row in self._rows.values()]


class TypeCounts:
    """How many events of each type were published, in total and in the last WINDOW_S seconds."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._totals: Counter[str] = Counter()  # without the current second
        self._second = 0
        self._this_second: dict[str, int] = {}
        self._seconds_before: deque[tuple[int, dict[str, int]]] = deque(maxlen=WINDOW_S)

    def add(self, event_type: str, now: float) -> None:
        """Count an event; `now` is its time in seconds since 1970."""
        if (second := int(now)) != self._second:
            self._begin(second)
        counted = self._this_second
        if event_type not in counted:
            event_type = self._first_in_second(event_type)
        counted[event_type] += 1

    def as_dict(self) -> dict[str, dict[str, float]]:
        totals, recent = self._totals + Counter(self._this_second), Counter[str]()
        for second, counted in (*self._seconds_before, (self._second, self._this_second)):
            if second > time.time() - WINDOW_S:
                recent.update(counted)
        return {name: {"count": count, "per_second": recent[name] / WINDOW_S} for name, count in totals.most_common()}

    def _begin(self, second: int) -> None:
        self._totals.update(self._this_second)
        self._seconds_before.append((self._second, self._this_second))
        self._second, self._this_second = second, {}

    def _first_in_second(self, event_type: str) -> str:
        """Begin to count a type in this second; return the name that it is counted under."""
        if event_type not in self._names:
            if len(self._names) >= MAX_TYPES:
                event_type = OTHERS
            else:
                self._names.add(event_type)
        self._this_second.setdefault(event_type, 0)
        return event_type
