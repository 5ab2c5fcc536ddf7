"""Stops the server when its last member is gone, even one that was killed and could not do it itself.

A process of its own, started by the first member; see member.py for the locks. It lets go of `guard` while
it still has `members`: a command that joins just then finds no guard and starts a new one, rather than rely
on one that is leaving.
"""

import fcntl
import os
import sys
from pathlib import Path

from marcus_events.postgres.place import Place
from marcus_events.postgres.server import Server


def main(root: Path) -> None:
    os.chdir("/")
    place = Place(root)
    guard = place.open("guard.lock")
    try:
        fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    members = place.open("members.lock")
    fcntl.flock(members, fcntl.LOCK_EX)
    try:
        Server(place).stop()
    finally:
        os.close(guard)
        os.close(members)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
