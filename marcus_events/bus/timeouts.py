"""Calls that have not ended: held, since the event loop holds no task, and given up when their time is up.

A timer for each call would cost more than the call. Calls with the same limit run out of time in the order in which
they began, so one timer for each limit is enough: it looks at the oldest ones, and is set again for the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from itertools import takewhile
from typing import Protocol


class Expiring(Hashable, Protocol):
    """`limit_s` is how long it may take, None for as long as it likes; `expire` is called when that time is up."""

    limit_s: float | None

    def expire(self) -> None: ...


class RunningCalls:
    """What it holds belongs to one event loop; what was left of an ended one is forgotten with it."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._due: dict[float | None, dict[Expiring, float]] = {}  # limit → calls, the oldest first → loop's time
        self._timers: set[float] = set()  # limits that a timer is set for
        self._late: set[Expiring] = set()  # were given up, and go on

    def __len__(self) -> int:
        return sum(map(len, self._due.values())) + len(self._late)

    def add(self, call: Expiring) -> None:
        loop, limit_s = asyncio.get_running_loop(), call.limit_s
        if loop is not self._loop:
            self._begin_in(loop)
        calls = self._due.setdefault(limit_s, {})
        calls[call] = due = loop.time() + limit_s if limit_s is not None else 0.0
        if limit_s is not None and limit_s not in self._timers:
            self._set_timer(loop, limit_s, due)

    def discard(self, call: Expiring) -> None:
        self._due.get(call.limit_s, {}).pop(call, None)
        self._late.discard(call)

    def _begin_in(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        for calls in (self._due, self._timers, self._late):
            calls.clear()

    def _set_timer(self, loop: asyncio.AbstractEventLoop, limit_s: float, due: float) -> None:
        self._timers.add(limit_s)
        loop.call_at(due, self._look, loop, limit_s)

    def _look(self, loop: asyncio.AbstractEventLoop, limit_s: float) -> None:
        self._timers.discard(limit_s)
        calls, now = self._due[limit_s], loop.time()
        for call, _ in list(takewhile(lambda item: item[1] <= now, calls.items())):
            del calls[call]
            self._late.add(call)
            call.expire()
        if calls and limit_s not in self._timers:
            self._set_timer(loop, limit_s, next(iter(calls.values())))
