"""Brings the server back when it was killed: a thread in every member, one of which gets to do it."""

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

from marcus_events.postgres.cluster import Cluster
from marcus_events.postgres.data_directory import StartFailed

log = logging.getLogger(__name__)

LOOK_EVERY = 0.5  # seconds
FIRST_PAUSE = 0.2  # seconds; then doubled: a killed server's backends need a moment to end
LONGEST_PAUSE = 30.0  # seconds; for what only a person can mend, such as a full disk
END_WITHIN = 5.0  # seconds; a start that is under way is not waited for longer


class Keeper:
    def __init__(self, server: Cluster, starting: Callable[[], AbstractContextManager[None]]) -> None:
        self._server = server
        self._starting = starting
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="postgres-keeper", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join(END_WITHIN)

    def _run(self) -> None:
        while not self._ended.wait(LOOK_EVERY):
            if self._server.is_ending():
                self._revive()

    def _revive(self) -> None:
        log.warning("PostgreSQL stopped unexpectedly; restarting it")
        pause = FIRST_PAUSE
        while not self._ended.wait(pause):
            try:
                with self._starting():
                    self._server.ensure_running()
            except (StartFailed, OSError) as error:
                pause = min(pause * 2, LONGEST_PAUSE)
                log.warning("PostgreSQL did not start; next attempt in %.1f s: %s", pause, _last_line(error))
            else:
                log.warning("PostgreSQL is running again")
                return


def _last_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[-1]
