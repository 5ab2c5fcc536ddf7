"""One command's share in the server, as file locks in its directory. The kernel ends a lock with the
process that holds it, so no count can go wrong, however a process ends.

- `members`: every member holds it shared. Whoever gets it exclusively is alone, and only then may stop the
  server.
- `start`: held by a member for as long as it starts the server.
- `guard`: held by the guard, a small process that waits for `members` exclusively: it stops the server when
  the last member was killed and could not do so itself. It outlives the member that started it.

A member takes `start`, then `members`. Who holds `members` exclusively never asks for `start`, so nobody
waits in a circle.
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

from marcus_events.postgres.cluster import Cluster, StillInUse
from marcus_events.postgres.data_directory import DataDirectory
from marcus_events.postgres.restarter import Keeper

log = logging.getLogger(__name__)

LOOK_EVERY = 0.05  # seconds
OLD_BACKENDS_END_WITHIN = 60.0  # seconds; one that is in the middle of a long query notices late
SOURCES = Path(__file__).resolve().parent.parent.parent


class ClusterMember:
    def __init__(self, place: DataDirectory) -> None:
        self.place = place
        self.server = Cluster(place)
        self._keeper = Keeper(self.server, self._starting)
        self._members: int | None = None
        self._joined_as = 0

    def __enter__(self) -> "ClusterMember":
        self.join()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.leave()

    def join(self) -> None:
        self.place.prepare()
        with self._starting():
            members = self.place.open("members.lock")
            fcntl.flock(members, fcntl.LOCK_SH)
            try:
                self._ensure_guard()  # first: it also stops a server whose start went wrong half-way
                self._start()
            except BaseException:
                os.close(members)
                raise
        self._members = members
        self._joined_as = os.getpid()
        self._keeper.start()

    def leave(self) -> None:
        """Stops the server if nobody else is in. Returns when it has stopped, whoever stopped it."""
        if self._members is None or self._joined_as != os.getpid():
            return  # a forked child has its parent's lock, but no say over it
        self._keeper.end()
        if self._is_last(self._members):
            self.server.stop()
        self.server.disown()
        os.close(self._members)
        self._members = None

    @contextmanager
    def _starting(self) -> Iterator[None]:
        descriptor = self.place.open("start.lock")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _ensure_guard(self) -> None:
        """In a process that shares nothing with this one: not its threads, its connections, its end."""
        command = [sys.executable, "-m", "marcus_events.postgres.cluster_guard", str(self.place.root)]
        subprocess.run(command, stdin=subprocess.DEVNULL, cwd=SOURCES, check=True)

    def _start(self) -> None:
        """Patient with the backends of a server that was killed just now."""
        if not self.place.data.exists():
            log.info("Creating the database in %s", self.place.root)
        deadline = time.monotonic() + OLD_BACKENDS_END_WITHIN
        while True:
            try:
                return self.server.ensure_running()
            except StillInUse:
                if time.monotonic() > deadline:
                    raise
                time.sleep(LOOK_EVERY)

    def _is_last(self, members: int) -> bool:
        """Nobody else holds it (exclusive is granted) or other members do (shared is); else somebody who
        was quicker is stopping the server, and is waited for."""
        while not _try_lock(members, fcntl.LOCK_EX):
            if _try_lock(members, fcntl.LOCK_SH):
                return False
            time.sleep(LOOK_EVERY)
        return True


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
