"""Supervised roles in a process of their own, for test_supervisor.

python -m tests.server.supervised FOLDER NAME…

Each role writes its pid and whether it was started for the first time to FOLDER/NAME, a line for each start, and
then waits for a signal. "stubborn" ignores SIGTERM; "broken" ends at once.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from server.supervisor import ProcessRole, Supervisor, prepare_fork


def role(name: str) -> ProcessRole:
    def run(is_first: bool) -> None:
        stop = threading.Event()
        signal.signal(signal.SIGTERM, signal.SIG_IGN if name == "stubborn" else lambda *_: stop.set())
        signal.signal(signal.SIGINT, lambda *_: os._exit(3))  # which Ctrl-C must not do
        with (Path(sys.argv[1]) / name).open("a") as file:
            file.write(f"{os.getpid()} {is_first}\n")
        if name == "broken":
            sys.exit(7)
        stop.wait()
        with (Path(sys.argv[1]) / name).open("a") as file:
            file.write("finished\n")

    return ProcessRole(name, run)


if __name__ == "__main__":
    roles = [role(name) for name in sys.argv[2:]]
    prepare_fork()
    Supervisor(roles).run()
