"""How far the search index is behind the log while events are taken in as fast as they can be.

    python -m benchmarks.search_lag [--seconds N] [--apart]

On a PostgreSQL of its own: one process publishes through the door, another one, `manage.py worker`, keeps the tables
up; with --apart, `manage.py worker --only search` is a third. Looked at four times a second, the lag is how long ago
the oldest event was recorded that the index has not reached.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import threading
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
AT_ONCE = 500  # events
LAG = """SELECT log_head.position, coalesce(extract(epoch FROM clock_timestamp() - event.recorded_at), 0)::float
    FROM log_head LEFT JOIN event ON event.position = %s + 1 WHERE id = 1"""


def main() -> None:
    parser = ArgumentParser(description="Measures how far the search is behind at full ingest.")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--apart", action="store_true", help="with a process for the search alone")
    options = parser.parse_args()
    seconds = options.seconds
    from benchmarks.__main__ import database

    with database(), worker("--only", "search") if options.apart else nullcontext(), worker():
        until = time.monotonic() + seconds
        publisher = threading.Thread(target=publish, args=(until,))
        publisher.start()
        samples = list(lags(until))
        publisher.join()
    head, lag = samples[-1][0], [seconds for _, seconds in samples]
    p95 = statistics.quantiles(lag, n=20)[-1]
    print(f"{head:,} events in {seconds:.0f} s, {head / seconds:,.0f} a second")
    print(f"lag of the search: median {statistics.median(lag):.2f} s, p95 {p95:.2f} s, longest {max(lag):.2f} s")


@contextmanager
def worker(*options: str) -> Iterator[None]:
    running = subprocess.Popen([sys.executable, "manage.py", "worker", *options], cwd=ROOT, stdout=subprocess.PIPE)
    assert running.stdout
    running.stdout.readline()
    try:
        yield
    finally:
        running.terminate()
        running.wait()


def publish(until: float) -> None:
    """Generated events under ids of their own, checked like any producer's."""
    from marcus_events.core.event import Event
    from marcus_events.ingest import ingest
    from marcus_events.sources.generation import Extent, offers

    end = datetime.now(UTC)
    source = offers(Extent(os.getpid(), 10_000_000, end - timedelta(days=60), end))
    while time.monotonic() < until:
        batch = [next(source) for _ in range(AT_ONCE)]
        ingest([Event(o.event_id, o.timestamp, o.event_type, o.source, o.data, o.metadata) for o in batch])


def lags(until: float) -> Iterator[tuple[int, float]]:
    """(head, seconds)"""
    from marcus_events import search
    from marcus_events.search.asking import rows

    while time.monotonic() < until:
        time.sleep(0.25)
        [found] = rows(LAG, [search.reached()])
        yield found


if __name__ == "__main__":
    main()
