"""Stops the server when its last member is gone, even one that was killed and could not do it itself.

A process of its own, started by the first member; see member.py for the locks. It lets go of `guard` while
it still has `members`: a command that joins just then finds no guard and starts a new one, rather than rely
on one that is leaving.
"""

import fcntl
import os
import sys
from pathlib import Path

from marcus_events.postgres.cluster import Cluster
from marcus_events.postgres.data_directory import DataDirectory


def main(place: DataDirectory) -> None:
    """Returns as soon as there is a guard: this process's child, which is nobody's child from then on."""
    guard = place.open("guard.lock")
    try:
        fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    if os.fork() == 0:
        let_go_of_caller()
        stop_after_last_member(place)
        os.close(guard)


def let_go_of_caller() -> None:
    """Of its terminal and its directory, and of its output: whoever reads that waits for its end."""
    os.setsid()
    os.chdir("/")
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)


def stop_after_last_member(place: DataDirectory) -> None:
    members = place.open("members.lock")  # stays open, and so locked, until this process ends
    fcntl.flock(members, fcntl.LOCK_EX)
    Cluster(place).stop()


if __name__ == "__main__":
    main(DataDirectory(Path(sys.argv[1])))
