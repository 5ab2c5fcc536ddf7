"""How far the search index is behind the log while events are taken in as fast as they can be.

    python -m benchmarks.search_lag [--seconds N] [--http CLIENTS | --apart]

On a PostgreSQL of its own. One process publishes through the door, another one, `manage.py worker`, keeps the tables;
with --apart, `manage.py worker --only search` is a third. With --http it is `manage.py up`, to which so many clients
post batches, each the next one when the last is answered. Looked at four times a second, the lag is how long ago the
oldest event was recorded that the index has not reached.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from marcus_events.core.event import Event

ROOT = Path(__file__).resolve().parents[1]
AT_ONCE = 500  # events
MOST_A_SECOND = 10_000  # events that clients have ready
LAG = """SELECT log_head.position, coalesce(extract(epoch FROM clock_timestamp() - event.recorded_at), 0)::float
    FROM log_head LEFT JOIN event ON event.position = %s + 1 WHERE id = 1"""


def main() -> None:
    parser = ArgumentParser(description="Measures how far the search is behind at full ingest.")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--apart", action="store_true", help="with a process for the search alone")
    parser.add_argument("--http", type=int, default=0, metavar="CLIENTS", help="as `make run` is used")
    options = parser.parse_args()
    seconds = options.seconds
    from benchmarks.databases import data_directory, database

    with data_directory(), database():
        samples = posted(seconds, options.http) if options.http else published(seconds, options.apart)
    head, lag = samples[-1][0], [seconds for _, seconds in samples]
    p95 = statistics.quantiles(lag, n=20)[-1]
    print(f"{head:,} events in {seconds:.0f} s, {head / seconds:,.0f} a second")
    print(f"lag of the search: median {statistics.median(lag):.2f} s, p95 {p95:.2f} s, longest {max(lag):.2f} s")


def published(seconds: float, apart: bool) -> list[tuple[int, float]]:
    with command("worker", "--only", "search") if apart else nullcontext(), command("worker"):
        return while_running(seconds, [publish])


def posted(seconds: float, clients: int) -> list[tuple[int, float]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    os.environ |= {"HOST": "127.0.0.1", "PORT": str(port), "DEMO": "0", "MARCUS_MAX_LAG": "0"}
    with command("up"):
        token = subprocess.check_output([sys.executable, "manage.py", "create_token", "benchmark"], cwd=ROOT, text=True)
        bodies = [as_json(batch) for batch in islice(batches(), int(seconds * MOST_A_SECOND / AT_ONCE))]
        post = partial(post_until, url=f"http://127.0.0.1:{port}/api/events", token=token.strip(), bodies=iter(bodies))
        return while_running(seconds, [post] * clients)


def while_running(seconds: float, publishers: list[Callable[[float], None]]) -> list[tuple[int, float]]:
    until = time.monotonic() + seconds
    threads = [threading.Thread(target=publisher, args=(until,)) for publisher in publishers]
    for thread in threads:
        thread.start()
    samples = list(lags(until))
    for thread in threads:
        thread.join()
    return samples


@contextmanager
def command(*arguments: str) -> Iterator[None]:
    """Once it has said that it works."""
    running = subprocess.Popen([sys.executable, "manage.py", *arguments], cwd=ROOT, stdout=subprocess.PIPE)
    assert running.stdout
    next(line for line in running.stdout if line.strip())
    try:
        yield
    finally:
        running.terminate()
        running.wait()


def publish(until: float) -> None:
    from marcus_events.ingest import ingest

    for batch in batches():
        if time.monotonic() > until:
            return
        ingest(batch)


def post_until(until: float, url: str, token: str, bodies: Iterator[bytes]) -> None:
    import httpx

    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with httpx.Client(headers=headers, timeout=60) as client:
        while time.monotonic() < until:
            client.post(url, content=next(bodies)).raise_for_status()


def batches() -> Iterator[list[Event]]:
    """Generated events under ids of their own, checked like any producer's."""
    from marcus_events.core.event import Event
    from marcus_events.sources.generation import GeneratedRange, entries

    end = datetime.now(UTC)
    source = entries(GeneratedRange(os.getpid(), 10_000_000, end - timedelta(days=60), end))
    while batch := list(islice(source, AT_ONCE)):
        yield [Event(o.event_id, o.timestamp, o.event_type, o.source, o.data, o.metadata) for o in batch]


def as_json(batch: list[Event]) -> bytes:
    return json.dumps([event.to_dict() for event in batch]).encode()


def lags(until: float) -> Iterator[tuple[int, float]]:
    """(head, seconds)"""
    from marcus_events import search
    from marcus_events.log.rows import rows

    while time.monotonic() < until:
        time.sleep(0.25)
        [found] = rows(LAG, [search.reached()])
        yield found


if __name__ == "__main__":
    main()
