"""Running calls: held until they end, and expired when their time limit is up.

The event loop keeps only weak references to tasks, so calls are held here, together for each event. A timer for each
would cost more than the calls. Those with the same limit expire in the order in which they began, so one timer per
limit is enough: it expires the oldest ones and is then set for the next ones.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Hashable, Sized
from typing import Any, Generic, Protocol, TypeVar


class ExpiringCalls(Hashable, Sized, Protocol):
    """The calls of one event. `limits_s` has their time limits; `expire` is called when one of these is up."""

    @property
    def limits_s(self) -> Collection[float | None]: ...

    @property
    def loop(self) -> asyncio.AbstractEventLoop: ...

    def expire(self, limit_s: float) -> None: ...


Calls = TypeVar("Calls", bound=ExpiringCalls)


class RunningCalls(Generic[Calls]):
    """The running calls of one event loop. In another loop it starts empty: calls of a loop that has ended never end.

    A call is either due (it may still end within its limit) or expired (its limit is up, its task has not finished).
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._due: dict[float | None, dict[Calls, float]] = {}  # limit → calls → due time, the oldest first
        self._limits_with_timer: set[float] = set()
        self._expired: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        """How many calls are held."""
        due = {id(calls): len(calls) for with_limit in self._due.values() for calls in with_limit}
        return sum(due.values()) + len(self._expired)

    def due(self) -> list[Calls]:
        """Those of the running event loop that are due."""
        if self._loop is not asyncio.get_running_loop():
            return []
        return list({id(calls): calls for with_limit in self._due.values() for calls in with_limit}.values())

    def add(self, calls: Calls, *, elapsed_s: float = 0.0) -> None:
        """Hold calls that began so many seconds ago in their event loop, which runs."""
        if calls.loop is not self._loop:
            self._start_empty_in(calls.loop)
        began = calls.loop.time() - elapsed_s
        for limit_s in calls.limits_s:
            if (with_limit := self._due.get(limit_s)) is None:
                with_limit = self._due[limit_s] = {}
            if limit_s is None:
                with_limit[calls] = 0.0
                continue
            with_limit[calls] = began + limit_s
            if limit_s not in self._limits_with_timer:
                self._set_timer(calls.loop, limit_s, began + limit_s)

    def discard(self, calls: Calls) -> None:
        for limit_s in calls.limits_s:
            self._due.get(limit_s, {}).pop(calls, None)

    def hold_until_done(self, task: asyncio.Task[Any]) -> None:
        """Hold the task of an expired call, which may ignore that it is cancelled."""
        self._expired.add(task)
        task.add_done_callback(self.release)  # it may never have started

    def release(self, task: asyncio.Task[Any] | None) -> None:
        self._expired -= {task}

    def _start_empty_in(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        for held in (self._due, self._limits_with_timer, self._expired):
            held.clear()

    def _set_timer(self, loop: asyncio.AbstractEventLoop, limit_s: float, due: float) -> None:
        self._limits_with_timer.add(limit_s)
        loop.call_at(due, self._expire_due, loop, limit_s)

    def _expire_due(self, loop: asyncio.AbstractEventLoop, limit_s: float) -> None:
        self._limits_with_timer.discard(limit_s)
        with_limit, now = self._due[limit_s], loop.time()
        while with_limit:
            calls, due = next(iter(with_limit.items()))
            if due > now:
                break
            del with_limit[calls]
            calls.expire(limit_s)  # may discard others too
        if with_limit and limit_s not in self._limits_with_timer:
            self._set_timer(loop, limit_s, next(iter(with_limit.values())))
