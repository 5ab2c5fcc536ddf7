"""New connections begin one at a time, and each address in its turn.

Of a thousand clients that come at once, the first requests would otherwise be read in one turn of the event loop, and
nobody else would be served meanwhile. Between two of them passes as long as the event loop was late for the last one:
while it has nothing else to do they begin at once, and while it is busy they have half of it.
"""

from __future__ import annotations

from collections import deque
from typing import Any

MOST_PAUSE_S = 0.02  # so that at least fifty begin in a second


class Newcomers:
    """Connections from which nothing was read yet."""

    def __init__(self, clock: Any) -> None:
        """`clock` is Twisted's reactor, or another IReactorTime."""
        self._clock = clock
        self._of: dict[str, deque[Any]] = {}  # address → its connections; the address whose turn is next comes first
        self._is_beginning = False

    def add(self, address: str, transport: Any) -> None:
        transport.pauseProducing()
        self._of.setdefault(address, deque()).append(transport)
        if not self._is_beginning:
            self._is_beginning = True
            self._begin_in(0.0)

    def _begin_in(self, pause_s: float) -> None:
        self._clock.callLater(pause_s, self._begin_next, self._clock.seconds() + pause_s)

    def _begin_next(self, due: float) -> None:
        address, waiting = next(iter(self._of.items()))
        del self._of[address]
        waiting.popleft().resumeProducing()
        if waiting:
            self._of[address] = waiting
        self._is_beginning = bool(self._of)
        if self._is_beginning:
            self._begin_in(min(max(self._clock.seconds() - due, 0.0), MOST_PAUSE_S))
