"""A producer in its own process: appends events and prints acknowledgements.

    python -m tests.log.appender NAME COUNT [--delay]

Prints "event_id position" after each acknowledgement. Started again under the same name it continues: the log knows its
events. With --delay it commits manually after a random pause.
"""

from __future__ import annotations

import os
import random
import sys
import time

import django

GROUP = 20  # events per batch
LONGEST_PAUSE_S = 0.01


def main(name: str, count: int, delay: bool) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    append = append_slowly if delay else append_at_once
    for start in range(0, count, GROUP):
        group = [f"{name}-{n}" for n in range(start, min(start + GROUP, count))]
        for event_id, position in zip(group, append(group), strict=True):
            sys.stdout.write(f"{event_id} {position}\n")
        sys.stdout.flush()


def append_at_once(event_ids: list[str]) -> list[int]:
    """Ingest repeatedly until it succeeds."""
    from marcus_events.core.event import Event, utc_now
    from marcus_events.ingest import ingest
    from marcus_events.log.writer import LogUnavailable

    while True:
        try:
            receipts = ingest([Event(e, utc_now(), "task_progress", "test", {"n": 1}) for e in event_ids])
            return [receipt.position or 0 for receipt in receipts]
        except LogUnavailable:
            time.sleep(0.05)


def append_slowly(event_ids: list[str]) -> list[int]:
    from marcus_events.core.event import Event, utc_now
    from marcus_events.ingest import entry_from
    from marcus_events.log.append import append
    from marcus_events.log.connect import connect

    entries = [entry_from(Event(e, utc_now(), "task_progress", "test", {"n": 1})) for e in event_ids]
    with connect("slow appender") as connection:
        places = append(connection, entries)
        time.sleep(random.uniform(0, LONGEST_PAUSE_S))  # noqa: S311 - between the append and its commit
        connection.commit()
    return [place.position for place in places]


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), "--delay" in sys.argv)
