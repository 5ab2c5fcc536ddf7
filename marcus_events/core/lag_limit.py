"""When a projection is so far behind that publishers have to slow down.

    keeping up ── its lag reaches the bound ──▶ too far behind ── half of the bound ──▶ keeping up

A lag of more than STARTED_OVER_S has another reason than fast publishers: the projection starts over, or it had
stopped. While it moves on, nobody is slowed: it works through events that were there before.
"""

from __future__ import annotations

from marcus_events.core.threshold import Threshold

STARTED_OVER_S = 3_600.0  # publishers that are slowed at some seconds never get a projection that far behind
STALLED_AFTER_S = 10.0  # a batch of a thousand events takes well under a second; ten times that on a slow machine


class LagLimit:
    """Follows one projection. Times are in seconds of any clock that does not go back."""

    def __init__(self, bound_s: float, now: float) -> None:
        self._threshold = Threshold(bound_s)
        self._position = -1
        self._moved_at = now
        self.is_exceeded = False
        self.is_stalled = False

    def update(self, position: int, lag_s: float, now: float) -> None:
        """Take how far the projection has come, and how far behind it is."""
        if position != self._position:
            self._position, self._moved_at = position, now
        self.is_stalled = now - self._moved_at >= STALLED_AFTER_S
        has_started_over = lag_s > STARTED_OVER_S and not self.is_stalled
        self.is_exceeded = self._threshold.update(0 if has_started_over else lag_s)
