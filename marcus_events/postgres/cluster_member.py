"""A command's share in the server, as file locks in its directory.

The kernel releases a lock when its process ends, so the number of members is always right, however a process ends.

- `members`: every member holds it shared. Whoever gets it exclusively is the only one, and only then may stop the
  server.
- `start`: held by a member while it starts the server.
- `guard`: held by the guard, a small process that waits for `members` exclusively and stops the server if the last
  member was killed. It outlives the member that started it.

A member locks `start`, then `members`. Whoever holds `members` exclusively never locks `start`, so there is no
deadlock.
"""

import fcntl
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from marcus_events.postgres.cluster import BackendsStillRunning, Cluster
from marcus_events.postgres.data_directory import DataDirectory
from marcus_events.postgres.restarter import Restarter

log = logging.getLogger(__name__)

POLL_INTERVAL_S = 0.05
OLD_BACKENDS_TIMEOUT_S = 60.0  # a backend in a long query notices late
SOURCES = Path(__file__).resolve().parent.parent.parent


class ClusterMember:
    """One process's membership, from `join` to `leave`."""

    def __init__(self, directory: DataDirectory) -> None:
        self.directory = directory
        self.server = Cluster(directory)
        self.restarter = Restarter(self.server, self._starting)
        self._members: int | None = None
        self._joined_pid = 0

    def __enter__(self) -> "ClusterMember":
        self.join()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.leave()

    def join(self) -> None:
        self.directory.prepare()
        with self._starting():
            members = self.directory.open("members.lock")
            fcntl.flock(members, fcntl.LOCK_SH)
            try:
                self._ensure_guard()  # first, since it also stops a server whose start failed half-way
                self._start()
            except BaseException:
                os.close(members)
                raise
        self._members = members
        self._joined_pid = os.getpid()
        self.restarter.start()

    def leave(self) -> None:
        """Leave, and stop the server if nobody else is a member. Returns when it has stopped, whoever stopped it."""
        if self._members is None or self._joined_pid != os.getpid():
            return  # a forked child inherits the lock but is no member
        self.restarter.stop()
        if self._is_last(self._members):
            self.server.stop()
        self.server.disown()
        os.close(self._members)
        self._members = None

    @contextmanager
    def _starting(self) -> Iterator[None]:
        descriptor = self.directory.open("start.lock")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _ensure_guard(self) -> None:
        """Start the guard in a process that shares no threads, connections or lifetime with this one."""
        command = [sys.executable, "-m", "marcus_events.postgres.cluster_guard", str(self.directory.root)]
        subprocess.run(command, stdin=subprocess.DEVNULL, cwd=SOURCES, check=True)

    def _start(self) -> None:
        """Start the server; wait while backends of a server that was just killed end."""
        if not self.directory.data.exists():
            log.info("Creating the database in %s", self.directory.root)
        deadline = time.monotonic() + OLD_BACKENDS_TIMEOUT_S
        while True:
            try:
                return self.server.ensure_running()
            except BackendsStillRunning:
                if time.monotonic() > deadline:
                    raise
                time.sleep(POLL_INTERVAL_S)

    def _is_last(self, members: int) -> bool:
        """Return whether nobody else is a member. If another process is stopping the server, wait for it."""
        while not _try_lock(members, fcntl.LOCK_EX):
            if _try_lock(members, fcntl.LOCK_SH):
                return False
            time.sleep(POLL_INTERVAL_S)
        return True


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
