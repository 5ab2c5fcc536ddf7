"""What a retention run costs those who publish meanwhile.

    python -m benchmarks.retention [--events 200000] [--seconds 20]

On a server of its own, a partition is filled. Then one event after another is committed, fifty times a second, for so
many seconds: by itself, while a run drops the partition, and while a run removes every event of a type singly. Printed
are the median and the 99th percentile of a commit in each, as ratios of the first.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import threading
import time
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

BATCH = 500
PER_SECOND = 50


def main() -> None:
    parser = ArgumentParser(description="Measures what a retention run costs those who publish meanwhile.")
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--seconds", type=float, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        Path(directory).chmod(0o711)
        os.environ |= {"MARCUS_DATA_DIR": directory, "DJANGO_SETTINGS_MODULE": "config.settings"}
        import django

        django.setup()
        on_a_server(given.events, given.seconds)


def on_a_server(events: int, seconds: float) -> None:
    from django.conf import settings

    from marcus_events import postgres
    from marcus_events.log import partitions
    from marcus_events.management.prepare_database import prepare_database
    from marcus_events.models import RetentionPolicy
    from marcus_events.postgres.data_directory import DataDirectory

    member = postgres.ClusterMember(DataDirectory.under(settings.DATA_DIR))
    member.join()
    try:
        prepare_database()
        partitions.SIZE, partitions.AHEAD = events, events // 2
        first_partition_ends_at(events)
        fill(2 * events + BATCH)
        show("by itself", alone := commits(seconds))
        RetentionPolicy.objects.create(pattern="*", keep_days=1)
        show("while a partition is dropped", commits(seconds, remove), alone)
        RetentionPolicy.objects.all().delete()
        RetentionPolicy.objects.create(pattern="task_progress", keep_days=1)
        show("while events are removed singly", commits(seconds, remove), alone)
    finally:
        member.leave()


def first_partition_ends_at(position: int) -> None:
    from marcus_events.log.connect import connect

    with connect("bench", autocommit=True) as own:
        own.execute("DROP TABLE event_0")
        own.execute("CREATE TABLE event_0 (LIKE event)")
        bounds = f"FROM (MINVALUE) TO ({position})"
        own.execute(f"ALTER TABLE event ATTACH PARTITION event_0 FOR VALUES {bounds}".encode())


def fill(count: int) -> None:
    from marcus_events.log.append import append
    from marcus_events.log.connect import connect
    from marcus_events.log.partitions import make_room
    from marcus_events.models import Checkpoint, LogHead

    with connect("bench", autocommit=True) as own:
        for start in range(0, count, BATCH):
            make_room(own, start)
            with own.transaction():
                append(own, [entry(start + n) for n in range(BATCH)])
        own.execute("VACUUM ANALYZE event")
    Checkpoint.objects.create(projection="none", position=count, epoch=LogHead.objects.get().epoch)


def entry(n: int) -> "EventData":  # type: ignore[name-defined]  # noqa: F821, UP037 - imported once Django is set up
    from marcus_events.core.event import Event, utc_now
    from marcus_events.ingest import entry_from

    data = {
        "task_id": f"t{n % 500}",
        "agent_id": f"agent_{n % 20}",
        "progress": n % 100,
        "message": "wrote a test " * 8,
    }
    return entry_from(Event(f"e{n}", utc_now(), "task_progress", f"agent_{n % 20}", data, {"board_id": "shop"}))


def commits(seconds: float, meanwhile: Callable[[], None] | None = None) -> list[float]:
    """How long each took, in milliseconds; `meanwhile` begins after a second."""
    from marcus_events.log.append import append
    from marcus_events.log.connect import connect

    thread = threading.Timer(1.0, meanwhile) if meanwhile else None
    if thread:
        thread.start()
    took: list[float] = []
    end = time.perf_counter() + seconds
    with connect("bench", autocommit=True) as own:
        while (begun := time.perf_counter()) < end or (thread and thread.is_alive()):
            with own.transaction():
                append(own, [entry(time.time_ns())])
            took.append((time.perf_counter() - begun) * 1000)
            time.sleep(max(0.0, 1 / PER_SECOND - (time.perf_counter() - begun)))
    return took


def remove() -> None:
    """At the time when the older half of what was filled is a day old."""
    from marcus_events.log import read
    from marcus_events.retention.runs import run

    head = read.head()
    middle = read.event((head.oldest + head.position) // 2)
    if middle:
        begun = time.perf_counter()
        done = run(middle.recorded_at + timedelta(days=1))
        if done:
            freed = f"{done.bytes_freed / 2**20:,.0f} MB given back to the disk"
            words = f"{done.removed:,} events, {done.partitions} partitions, {freed}"
            print(f"  the run: {words}, {time.perf_counter() - begun:.1f} s {done.error}")


def show(what: str, took: list[float], alone: list[float] | None = None) -> None:
    median, p99 = statistics.median(took), statistics.quantiles(took, n=100)[98]
    ratio = ""
    if alone:
        ratio = (
            f"  {median / statistics.median(alone):.2f} and {p99 / statistics.quantiles(alone, n=100)[98]:.2f} times"
        )
    print(f"{what:34} {len(took):6,} commits  median {median:6.2f} ms  p99 {p99:6.2f} ms{ratio}")


if __name__ == "__main__":
    main()
