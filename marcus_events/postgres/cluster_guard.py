"""Stops the server when its last member is gone, even if that was killed and could not do so itself.

Runs in its own process, started by the first member; see cluster_member.py for the locks. It releases `guard` while it
still holds `members`, so a command that joins just then starts a new guard instead of relying on one that is ending.
"""

import fcntl
import os
import sys
from pathlib import Path

from marcus_events.postgres.cluster import Cluster
from marcus_events.postgres.data_directory import DataDirectory


def main(directory: DataDirectory) -> None:
    """Return as soon as there is a guard: a forked child, or the process that already holds the lock."""
    guard = directory.open("guard.lock")
    try:
        fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    if os.fork() == 0:
        detach_from_caller()
        stop_after_last_member(directory)
        os.close(guard)


def detach_from_caller() -> None:
    """Detach from the caller's terminal, directory and output: whoever reads that output waits for its end."""
    os.setsid()
    os.chdir("/")
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)


def stop_after_last_member(directory: DataDirectory) -> None:
    members = directory.open("members.lock")  # stays open, and thus locked, until this process ends
    fcntl.flock(members, fcntl.LOCK_EX)
    Cluster(directory).stop()


if __name__ == "__main__":
    main(DataDirectory(Path(sys.argv[1])))
