"""Restarts the server if it was killed. Every member, and each process forked from it, runs this thread; the start lock
picks one of them.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

from marcus_events.postgres.cluster import Cluster
from marcus_events.postgres.data_directory import StartFailed

log = logging.getLogger(__name__)

POLL_INTERVAL_S = 0.5
MIN_BACKOFF_S = 0.2  # then doubled: a killed server's backends need a moment to end
MAX_BACKOFF_S = 30.0  # for problems that only a person can solve, such as a full disk
STOP_TIMEOUT_S = 5.0  # a start in progress is not awaited longer


class Restarter:
    """A thread that polls the server and restarts it with exponential backoff."""

    def __init__(self, server: Cluster, starting: Callable[[], AbstractContextManager[None]]) -> None:
        self._server = server
        self._starting = starting
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="postgres-keeper", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread:
            self._thread.join(STOP_TIMEOUT_S)

    def _run(self) -> None:
        while not self._stopping.wait(POLL_INTERVAL_S):
            if self._server.is_ending():
                self._restart()

    def _restart(self) -> None:
        log.warning("PostgreSQL stopped unexpectedly; restarting it")
        backoff_s = MIN_BACKOFF_S
        while not self._stopping.wait(backoff_s):
            try:
                with self._starting():
                    self._server.ensure_running()
            except (StartFailed, OSError) as error:
                backoff_s = min(backoff_s * 2, MAX_BACKOFF_S)
                log.warning("PostgreSQL did not start; next attempt in %.1f s: %s", backoff_s, _last_line(error))
            else:
                log.warning("PostgreSQL is running again")
                return


def _last_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[-1]
