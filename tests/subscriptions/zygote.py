"""Starts durable subscribers quickly: imports Django once, then forks a subscriber for every input line.

A line has the name of the subscription, its batch and lease, and the file for the positions of its events. Prints two
lines for each: the process id, and "ended" when it has ended.
"""

from __future__ import annotations

import os
import sys
import threading

import django


def main() -> None:
    django.setup()
    from marcus_events.subscriptions import runner  # noqa: F401 - imported before the first fork

    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            subscribe(*sys.argv[1:])
        print(child, flush=True)
        os.waitpid(child, 0)
        print("ended", flush=True)


def subscribe(name: str, batch: str, lease_s: str, seen: str) -> None:
    from marcus_events.core.event import Event
    from marcus_events.subscriptions import Runner

    file = os.open(seen, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def note(event: Event) -> None:
        os.write(file, f"{event.data['n']}\n".encode())

    Runner(
        name,
        patterns=("*",),
        matches=lambda recorded: True,
        call=note,
        after=0,
        batch=int(batch),
        lease_s=float(lease_s),
    ).run(threading.Event())


if __name__ == "__main__":
    main()
