"""New connections begin one at a time, and each address in its turn.

A thousand clients that come at once would otherwise have their first requests read in one turn of the event loop, before
anybody else is served again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any


class Newcomers:
    """Connections from which nothing was read yet."""

    def __init__(self) -> None:
        self._of: dict[str, deque[Any]] = {}  # address → its connections; the address whose turn is next comes first
        self._is_beginning = False

    def add(self, address: str, transport: Any) -> None:
        transport.pauseProducing()
        self._of.setdefault(address, deque()).append(transport)
        if not self._is_beginning:
            self._is_beginning = True
            asyncio.get_running_loop().call_soon(self._begin_next)

    def _begin_next(self) -> None:
        address, waiting = next(iter(self._of.items()))
        del self._of[address]
        waiting.popleft().resumeProducing()
        if waiting:
            self._of[address] = waiting
        self._is_beginning = bool(self._of)
        if self._is_beginning:
            asyncio.get_running_loop().call_soon(self._begin_next)
