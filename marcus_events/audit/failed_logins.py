"""Record failed sign-ins: the first of a name and an address at once, further ones of the minute as a count.

A thousand tries therefore make two events a minute. Names and addresses beyond MAX_KEYS in a minute are counted
together. An unknown name is not stored: people type their password into the wrong field.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from marcus_events import audit
from marcus_events.audit.writer import AUDIT_WRITER
from marcus_events.core.lifecycle import Declared, lasting_thread

MINUTE_S = 60.0
POLL_INTERVAL_S = 1.0
MAX_KEYS = 100  # names and addresses in a minute
OTHERS = ("several names", "several addresses")
NOBODY = "an unknown name"

LoginKey = tuple[str, str]  # name, address
RecordFailures = Callable[[str, str, int], None]


class FailedLogins:
    """Calls `record` with a name, an address and a count, which is 1 for the first failure."""

    def __init__(self, tell: RecordFailures, clock: Callable[[], float] = time.monotonic) -> None:
        self._tell = tell
        self._clock = clock
        self._lock = threading.Lock()
        self._since: dict[LoginKey, float] = {}
        self._more: dict[LoginKey, int] = {}
        self._stop = threading.Event()
        self._thread = lasting_thread("failed sign-ins", self._run, self._stop)

    def start(self) -> None:
        self._thread.start()

    def add(self, name: str, address: str) -> None:
        with self._lock:
            key = (name, address)
            if key not in self._since and len(self._since) >= MAX_KEYS:
                key = OTHERS
            is_first = key not in self._since
            if is_first:
                self._since[key], self._more[key] = self._clock(), 0
            else:
                self._more[key] += 1
        if is_first:
            self._tell(*key, 1)

    def look(self, *, all_of_them: bool = False) -> None:
        """Tell of those whose minute has passed."""
        with self._lock:
            now = self._clock()
            over = [key for key, since in self._since.items() if all_of_them or now - since >= MINUTE_S]
            counts = [(key, self._more.pop(key)) for key in over]
            for key in over:
                del self._since[key]
        for key, count in counts:
            if count:
                self._tell(*key, count)

    def stop_soon(self) -> None:
        self._stop.set()

    def stop(self) -> None:
        """End the thread and record the remaining counts."""
        self._thread.join()
        self.look(all_of_them=True)

    def _run(self) -> None:
        while not self._stop.wait(POLL_INTERVAL_S):
            self.look()


def record_failures(name: str, address: str, times: int) -> None:
    more = {} if times == 1 else {"times": f"{times} more times within a minute"}
    audit.record("sign_in_failed", name, address, count=times, **more)


FAILED_LOGINS = Declared("failed logins", lambda: FailedLogins(record_failures), needs=(AUDIT_WRITER,))


def failed_logins() -> FailedLogins:
    return FAILED_LOGINS.get()
