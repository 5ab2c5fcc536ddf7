"""Running calls: held until they end, and expired when their time limit is up.

The event loop keeps only weak references to tasks, so calls are held here. A timer for each call would cost more than
the call. Calls with the same limit expire in the order in which they began, so one timer per limit is enough: it
expires the oldest calls and is then set for the next one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from itertools import takewhile
from typing import Protocol


class ExpiringCall(Hashable, Protocol):
    """`limit_s` is the time limit, or None; `expire` is called when it is up."""

    limit_s: float | None

    def expire(self) -> None: ...


class RunningCalls:
    """The running calls of one event loop. In another loop it starts empty: calls of a loop that has ended never end.

    A call is either due (it may still end within its limit) or expired (its limit is up, its task has not finished).
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._due: dict[float | None, dict[ExpiringCall, float]] = {}  # limit → call → due time, the oldest call first
        self._limits_with_timer: set[float] = set()
        self._expired: set[ExpiringCall] = set()

    def __len__(self) -> int:
        return sum(map(len, self._due.values())) + len(self._expired)

    def add(self, call: ExpiringCall, loop: asyncio.AbstractEventLoop) -> None:
        """Hold a call that begins now in the running event loop."""
        limit_s = call.limit_s
        if loop is not self._loop:
            self._start_empty_in(loop)
        if (calls := self._due.get(limit_s)) is None:
            calls = self._due[limit_s] = {}
        calls[call] = due = loop.time() + limit_s if limit_s is not None else 0.0
        if limit_s is not None and limit_s not in self._limits_with_timer:
            self._set_timer(loop, limit_s, due)

    def discard(self, call: ExpiringCall) -> None:
        if (calls := self._due.get(call.limit_s)) is None or calls.pop(call, None) is None:
            self._expired.discard(call)

    def _start_empty_in(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        for calls in (self._due, self._limits_with_timer, self._expired):
            calls.clear()

    def _set_timer(self, loop: asyncio.AbstractEventLoop, limit_s: float, due: float) -> None:
        self._limits_with_timer.add(limit_s)
        loop.call_at(due, self._expire_due, loop, limit_s)

    def _expire_due(self, loop: asyncio.AbstractEventLoop, limit_s: float) -> None:
        self._limits_with_timer.discard(limit_s)
        calls, now = self._due[limit_s], loop.time()
        for call, _ in list(takewhile(lambda item: item[1] <= now, calls.items())):
            del calls[call]
            self._expired.add(call)
            call.expire()
        if calls and limit_s not in self._limits_with_timer:
            self._set_timer(loop, limit_s, next(iter(calls.values())))
