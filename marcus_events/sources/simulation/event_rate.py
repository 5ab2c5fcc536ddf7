"""How many events are due: so many a second on average, however unevenly one asks."""

from __future__ import annotations

TICK_S = 0.05  # what is due within it is published together: a commit each would cost the log more than the events
LATE_S = 5.0  # of what was missed is made up for: a machine that slept makes no burst
AT_MOST_S = 0.5  # between two looks, at whatever rate


class EventRate:
    """`rate` is in events a second; 0 is as many as one can, `at_once` at a time. The first is due at once."""

    def __init__(self, rate: float, at_once: int, now: float) -> None:
        self._rate, self._at_once = rate, at_once
        self._owed, self._counted = 1.0, now

    def due(self, now: float) -> int:
        """How many are due now (in seconds of any clock). They count as published."""
        if self._rate == 0:
            return self._at_once
        owed = self._owed + (now - self._counted) * self._rate
        self._owed, self._counted = min(owed, max(self._rate * LATE_S, 1.0)), now
        number = min(int(self._owed), self._at_once)
        self._owed -= number
        return number

    def pause(self) -> float:
        """For how many seconds nothing is due, or too little to be worth it."""
        if self._rate == 0 or self._owed >= self._at_once:
            return 0.0
        return min(max((1.0 - self._owed) / self._rate, TICK_S), AT_MOST_S)
