"""A reader in its own process: `python -m tests.log.reader` prints each position that its tail sees."""

from __future__ import annotations

import os
import sys

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from marcus_events.log.tail import Tail

    tail = Tail(0)
    while True:
        for event in tail.next():
            sys.stdout.write(f"{event.position}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
