"""The services of a process: started once, in the order of their dependencies, and stopped in reverse order.

A module declares its service with a name, a factory and the services it needs. `Declared.get` starts it after those.
`stop_services` first calls `stop_soon` of every service, so that none waits for another, and then `stop`, dependents
first.

`server.services` lists the services that the commands run. Other commands and tests start a single one with `get`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

logger = logging.getLogger(__name__)

RESTART_PAUSE_S = 1.0  # after an error that nobody foresaw
END_WITHIN_S = 10.0  # after they were told, background tasks are waited for no longer: the database may be away


class Service(Protocol):
    """The interface of a service. Each method is called once, from any thread."""

    def start(self) -> None:
        """Start, and return at once."""

    def stop_soon(self) -> None:
        """Prepare to stop: wake up waiting threads. Returns at once."""

    def stop(self) -> None:
        """Finish the work in progress, and return when that is done."""


Made = TypeVar("Made", bound=Service)


class Declared(Generic[Made]):
    """A declared service: made and started on first use, and made again if it is used after a stop."""

    def __init__(self, name: str, make: Callable[[], Made], needs: tuple[Declared[Any], ...] = ()) -> None:
        self.name, self.make, self.needs = name, make, needs

    def get(self) -> Made:
        """Return the running service; start it first, after the services it needs, if it does not run."""
        if (running := self.running) is not None:
            return running
        with _lock:
            if (running := self.running) is None:
                for needed in self.needs:
                    needed.get()
                running = self.make()
                running.start()
                _running[self] = running
            return running

    @property
    def running(self) -> Made | None:
        """The service, or None if it does not run."""
        found: Made | None = _running.get(self)
        return found

    def stop(self) -> None:
        """Stop this service alone, if it runs."""
        stop_all([self])


# The only state of a process that is not in one of its services: which of them run, in the order of their starts.
_running: dict[Declared[Any], Any] = {}
_lock = threading.RLock()


def stop_services() -> None:
    """Stop every service of this process."""
    stop_all(list(_running))


def stop_all(services: Sequence[Declared[Any]]) -> None:
    """Stop the running ones of these services, the last one first. One that is used meanwhile is made again."""
    for declared in services:
        if (running := declared.running) is not None:
            running.stop_soon()
    for declared in reversed(services):
        with _lock:
            running = _running.pop(declared, None)
        if running is not None:
            running.stop()


def lasting_thread(name: str, run: Callable[[], None], stop: threading.Event) -> threading.Thread:
    """Return a thread that calls `run`. An error that it raises is logged, and it is called again, until `stop` is set.

    Without that, one error that nobody foresaw would end the work of the thread for good, and nobody would notice.
    """

    def keep_running() -> None:
        while True:
            try:
                return run()
            except Exception:
                logger.exception("the thread “%s” failed and begins again", name)
                if stop.wait(RESTART_PAUSE_S):
                    return None

    return threading.Thread(target=keep_running, name=name, daemon=True)


class BackgroundTask:
    """A service that runs a loop in a thread. `run` must return soon after the event that it is given is set.

    If it raises an error, it is logged, and `run` is called again.
    """

    def __init__(self, name: str, run: Callable[[threading.Event], None]) -> None:
        self._stop = threading.Event()
        self._thread = lasting_thread(name, partial(run, self._stop), self._stop)

    def start(self) -> None:
        self._thread.start()

    def stop_soon(self) -> None:
        self._stop.set()
        self._deadline = time.monotonic() + END_WITHIN_S

    def stop(self) -> None:
        self._thread.join(max(0.0, self._deadline - time.monotonic()))


def background(name: str, run: Callable[[threading.Event], None], *needs: Declared[Any]) -> Declared[BackgroundTask]:
    """Declare a background task."""
    return Declared(name, lambda: BackgroundTask(name, run), needs)


Request = TypeVar("Request")


class PeriodicTask(BackgroundTask, Generic[Request]):
    """A background task that calls `work(None)` every `interval_s`, and `work(request)` on request.

    A request while `work` serves another request is dropped: the running work covers it.
    """

    def __init__(self, name: str, work: Callable[[Request | None], None], interval_s: float) -> None:
        super().__init__(name, self._run)
        self._work, self._interval_s = work, interval_s
        self._request: Request | None = None
        self._wake = threading.Event()

    def request(self, request: Request) -> None:
        """Request the work soon; returns at once."""
        self._request = request
        self._wake.set()

    def stop_soon(self) -> None:
        super().stop_soon()
        self._wake.set()

    def _run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self._wake.wait(self._interval_s)
            self._wake.clear()
            if not stop.is_set():
                self._serve(self._request)

    def _serve(self, request: Request | None) -> None:
        self._work(request)
        if request is not None:  # otherwise one may have come meanwhile, which a periodic call does not cover
            self._request = None
