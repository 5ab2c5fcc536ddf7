"""Slows publishers down while the tables or the search index are too far behind the log: see `core.lag_limit`.

The lag is measured by one thread of a process, when a publisher asks and the last measurement is older than
FRESH_S. All publishers share it, so that a request costs no query. What is not known slows nobody: while the database
is away, the writer says so.

    is_refusing   for programs, which keep their events and come again
    must_wait     for a source with a place of its own, which loses nothing by waiting
    is_slowing    the same for `Events`, which waits for a moment; answers at once

A source and `Events` do not wait for a projection that stands still, since no waiting helps that: perhaps no server
runs. Programs are refused in this case too.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

import psycopg
from django.conf import settings

from marcus_events.core.batch_thread import BatchThread
from marcus_events.core.lag_limit import LagLimit
from marcus_events.core.lifecycle import Declared
from marcus_events.log.connect import connect
from marcus_events.log.projection_lag import Lags, longest, read_lags

FRESH_S = 0.25
STALE_S = 1.0  # beyond that, what was measured says nothing about now
MEASURE_TIMEOUT_S = 1.0  # a publisher waits no longer for it: the measurement takes about a millisecond
WAIT_INTERVAL_S = 0.5  # of a source, between two looks
MAX_QUEUED = 10  # measurements; there is one at a time


class BackPressure:
    """A service. Safe to use from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._bound_s = float(settings.MAX_LAG)
        self._limits: dict[str, LagLimit] = {}
        self._lags: Lags = {}
        self._measured_at = float("-inf")
        self._pending: Future[None] | None = None
        self._connection: psycopg.Connection[Any] | None = None
        self._queue: BatchThread[Future[None]] = BatchThread(
            "back-pressure", self._measure, max_queued=MAX_QUEUED, max_batch=MAX_QUEUED, at_end=self._disconnect
        )

    def start(self) -> None:
        self._queue.start()

    def stop_soon(self) -> None:
        """Services that end may still publish."""

    def stop(self) -> None:
        self._queue.stop()

    @property
    def lag_s(self) -> float:
        """The longest lag of the last measurement."""
        return longest(self._lags)

    def is_slowing(self) -> bool:
        """Whether to wait, by the last measurement. Returns at once."""
        self._refresh()
        return self._is_worth_waiting()

    async def is_refusing(self) -> bool:
        """Whether programs may publish nothing now."""
        refreshed = self._refresh()
        if refreshed is not None and self._is_stale:
            with suppress(TimeoutError):
                async with asyncio.timeout(MEASURE_TIMEOUT_S):
                    await asyncio.shield(asyncio.wrap_future(refreshed))
        return bool(self._exceeded())

    def must_wait(self) -> bool:
        """Whether a source has to wait."""
        refreshed = self._refresh()
        if refreshed is not None and self._is_stale:
            with suppress(TimeoutError):
                refreshed.result(MEASURE_TIMEOUT_S)
        return self._is_worth_waiting()

    def wait(self, stop: threading.Event) -> None:
        """Return when a source may go on, or has to stop."""
        while self.must_wait() and not stop.wait(WAIT_INTERVAL_S):
            pass

    @property
    def _is_stale(self) -> bool:
        return self._clock() - self._measured_at > STALE_S

    def _is_worth_waiting(self) -> bool:
        return any(not limit.is_stalled for limit in self._exceeded())

    def _exceeded(self) -> list[LagLimit]:
        return [] if self._is_stale else [limit for limit in self._limits.values() if limit.is_exceeded]

    def _refresh(self) -> Future[None] | None:
        """Have the lag measured unless the last measurement is fresh; return what is done then."""
        with self._lock:
            if not self._bound_s or self._clock() - self._measured_at <= FRESH_S:
                return None
            if self._pending is None:
                pending: Future[None] = Future()
                if self._queue.put(pending):
                    self._pending = pending
            return self._pending

    # In the thread

    def _measure(self, pending: list[Future[None]]) -> None:
        try:
            self._apply(self._read())
        except psycopg.Error:
            self._disconnect()
            self._apply({})
        finally:
            with self._lock:
                self._pending = None
            for each in pending:
                each.set_result(None)

    def _read(self) -> Lags:
        if self._connection is None:
            self._connection = connect("back-pressure", autocommit=True)
        return read_lags(connection=self._connection)

    def _apply(self, lags: Lags) -> None:
        now = self._clock()
        limits = {name: self._limits.get(name) or LagLimit(self._bound_s, now) for name in lags}
        for name, lag in lags.items():
            limits[name].update(lag.position, lag.seconds, now)
        self._limits, self._lags, self._measured_at = limits, lags, now

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


BACK_PRESSURE = Declared("back-pressure", BackPressure)


def back_pressure() -> BackPressure:
    """The back-pressure of this process."""
    return BACK_PRESSURE.get()
