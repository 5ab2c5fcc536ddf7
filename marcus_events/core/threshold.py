"""A threshold with hysteresis, so that what depends on it does not flicker."""

from __future__ import annotations


class Threshold:
    """Exceeded from the limit on, until the value is at most half of it."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self.is_exceeded = False

    def update(self, value: float) -> bool:
        """Take the newest value; return whether the threshold is exceeded now."""
        self.is_exceeded = value >= self.limit or (self.is_exceeded and value > self.limit / 2)
        return self.is_exceeded
