"""Services: what a process starts once and stops in the opposite order.

A service is declared where it is written: its name, how to make it, and the services that it needs. `Declared.get`
starts it, after those that it needs. `stop_services` ends all services of the process: first it tells each one that the
end is near, so that none waits for another, then it stops them one by one, those that need others first.

`server.services` lists what the commands run. A command or a test that needs one service alone asks for it with `get`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

END_WITHIN_S = 10.0  # after they were told, background tasks are waited for no longer: the database may be away


class Service(Protocol):
    """What runs between `start` and `stop`. Each of the three is called once, from any thread."""

    def start(self) -> None:
        """Begin, and return at once."""

    def stop_soon(self) -> None:
        """The process is about to end: let nobody wait. Returns at once."""

    def stop(self) -> None:
        """Finish what has begun, and return when that is done."""


Made = TypeVar("Made", bound=Service)


class Declared(Generic[Made]):
    """A service of the process by its name: made and started when it is first needed, and made anew after a stop."""

    def __init__(self, name: str, make: Callable[[], Made], needs: tuple[Declared[Any], ...] = ()) -> None:
        self.name, self.make, self.needs = name, make, needs

    def get(self) -> Made:
        """The running service; it is started, after those that it needs, where it does not run yet."""
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
        """The service, or None where it does not run."""
        found: Made | None = _running.get(self)
        return found

    def stop(self) -> None:
        """Stop this service alone. Nothing happens where it does not run."""
        stop_all([self])


# The only state of a process that is not in one of its services: which of them run, in the order of their starts.
_running: dict[Declared[Any], Any] = {}
_lock = threading.RLock()


def stop_services() -> None:
    """Stop every service of this process."""
    stop_all(list(_running))


def stop_all(services: Sequence[Declared[Any]]) -> None:
    """Stop those that run, the last one first. A service that is asked for meanwhile is made anew."""
    for declared in services:
        if (running := declared.running) is not None:
            running.stop_soon()
    for declared in reversed(services):
        with _lock:
            running = _running.pop(declared, None)
        if running is not None:
            running.stop()


class BackgroundTask:
    """A service that is a loop in a thread of its own: `run` is given an event, and returns soon after it is set."""

    def __init__(self, name: str, run: Callable[[threading.Event], None]) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=run, args=(self._stop,), name=name, daemon=True)

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


class PeriodicTask(Generic[Request]):
    """A service: a thread that calls `work` with None every `interval_s`, and with each request as soon as it comes.

    What is requested while `work` is busy is dropped: it is being done already.
    """

    def __init__(self, name: str, work: Callable[[Request | None], None], interval_s: float) -> None:
        self._work, self._interval_s = work, interval_s
        self._request: Request | None = None
        self._wake = threading.Event()
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def request(self, request: Request) -> None:
        """Have it done soon; returns at once."""
        self._request = request
        self._wake.set()

    def stop_soon(self) -> None:
        self._is_stopping = True
        self._wake.set()
        self._deadline = time.monotonic() + END_WITHIN_S

    def stop(self) -> None:
        self._thread.join(max(0.0, self._deadline - time.monotonic()))

    def _run(self) -> None:
        while not self._is_stopping:
            self._wake.wait(self._interval_s)
            if not self._is_stopping:
                self._work(self._request)
                self._request = None
                self._wake.clear()
