"""Computes how many events are due, for an average rate that does not depend on when it is asked."""

from __future__ import annotations

TICK_S = 0.05  # events due within a tick share one commit, which costs more than the events
MAX_LAG_S = 5.0  # how much lag is made up for, so that a suspended machine causes no burst
MAX_PAUSE_S = 0.5  # upper limit of a pause, at any rate


class EventRate:
    """`rate` is in events per second; 0 means as many as possible, in batches of `batch_size`. The first event is
    due at once.
    """

    def __init__(self, rate: float, batch_size: int, now: float) -> None:
        self._rate, self._batch_size = rate, batch_size
        self._due, self._updated_at = 1.0, now

    def due(self, now: float) -> int:
        """Return how many events are due at `now` (in seconds of any clock) and count them as published."""
        if self._rate == 0:
            return self._batch_size
        due_now = self._due + (now - self._updated_at) * self._rate
        self._due, self._updated_at = min(due_now, max(self._rate * MAX_LAG_S, 1.0)), now
        number = min(int(self._due), self._batch_size)
        self._due -= number
        return number

    def pause(self) -> float:
        """Return how many seconds to wait until enough events are due."""
        if self._rate == 0 or self._due >= self._batch_size:
            return 0.0
        return min(max((1.0 - self._due) / self._rate, TICK_S), MAX_PAUSE_S)
