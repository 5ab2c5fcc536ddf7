"""Start new connections one by one, in turns between their addresses.

Otherwise the first requests of a thousand clients that connect at once are read in one turn of the event loop, and no
other connection is served meanwhile. The pause between two starts is PAUSE_FACTOR times as long as the event loop was
late for the last one: none while it is idle. While it is busy, new connections take a tenth of its time.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from server.limits import MAX_ACCEPT_PAUSE_S

PAUSE_FACTOR = 9


class AcceptQueue:
    """Connections that nothing was read from yet."""

    def __init__(self, clock: Any) -> None:
        """`clock` is Twisted's reactor, or another IReactorTime."""
        self._clock = clock
        self._waiting: dict[str, deque[Any]] = {}  # transports by address; the address whose turn is next comes first
        self._is_scheduled = False

    def add(self, address: str, transport: Any) -> None:
        transport.pauseProducing()
        self._waiting.setdefault(address, deque()).append(transport)
        if not self._is_scheduled:
            self._is_scheduled = True
            self._schedule(0.0)

    def _schedule(self, pause_s: float) -> None:
        self._clock.callLater(pause_s, self._start_next, self._clock.seconds() + pause_s)

    def _start_next(self, due: float) -> None:
        address, transports = next(iter(self._waiting.items()))
        del self._waiting[address]
        transports.popleft().resumeProducing()
        if transports:
            self._waiting[address] = transports  # behind the other addresses
        self._is_scheduled = bool(self._waiting)
        if self._is_scheduled:
            late_s = max(self._clock.seconds() - due, 0.0)
            self._schedule(min(PAUSE_FACTOR * late_s, MAX_ACCEPT_PAUSE_S))
