"""A server with everything on: publishers at an even rate, live pages that are open, and a look at it now and then.

Import it once Django is set up.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack

import httpx
import psycopg

from benchmarks.http_load import Connection, Load, post_requests
from benchmarks.payloads import batch_bodies
from benchmarks.websocket_client import WebSocket, open_websocket
from marcus_events.log import read
from marcus_events.log.projection_lag import read_lags
from tests.running_server import Running

BATCH, CONNECTIONS = 100, 8
PAGES = ("now", "boards", "activity", "blocked")
PEOPLE = 5  # who have the pages open
SAMPLE_S = 2.0
MEBIBYTE = 2**20

Samples = dict[str, list[float]]


async def measure(up: Running, seconds: float, rate: int, pages: int) -> Samples:
    """Return the samples, one list for each figure."""
    samples: Samples = defaultdict(list)
    load, frames = Load(), list[int]()
    with ExitStack() as stack:
        cookies = itertools.cycle([cookie_of_person(up) for _ in range(PEOPLE)])
        for name, cookie in itertools.islice(zip(itertools.cycle(PAGES), cookies), pages):
            socket = await open_page(up, cookie, name, lambda frame: frames.append(len(frame)))
            stack.callback(socket.transport.abort)
        until = time.monotonic() + seconds
        publishers = [asyncio.create_task(publish(up, load, worker, rate, until)) for worker in range(CONNECTIONS)]
        await asyncio.gather(asyncio.to_thread(sample, up, samples, until), *publishers)
    samples["milliseconds of a batch"] = [latency * 1000 for latency in load.latencies]
    samples["frames to pages"] = [float(len(frames))]
    return dict(samples)


def cookie_of_person(up: Running) -> str:
    """Sign in, and return the session's cookie."""
    with httpx.Client(base_url=up.base_url, headers={"Origin": up.base_url}) as client:
        up.sign_in_client(client)
        return "; ".join(f"{name}={value}" for name, value in client.cookies.items())


async def open_page(up: Running, cookie: str, page: str, receive: Callable[[bytes], None]) -> WebSocket:
    headers = {"Cookie": cookie, "Origin": up.base_url}
    return await open_websocket(up.port, f"/ws/live/?page={page}", headers, receive)


async def publish(up: Running, load: Load, worker: int, rate: int, until: float) -> None:
    """Post batches at an even pace: one of CONNECTIONS, each with its turn. Who comes late does not catch up."""
    headers = {"Authorization": f"Bearer {up.full_token}"}
    requests = post_requests(up.port, "/api/events", batch_bodies(BATCH), headers)
    loop, pause = asyncio.get_running_loop(), CONNECTIONS * BATCH / rate
    _, connection = await loop.create_connection(lambda: Connection(requests, load), "127.0.0.1", up.port)
    due = time.monotonic() + worker * pause / CONNECTIONS
    try:
        while (now := time.monotonic()) < until:
            await asyncio.sleep(max(0.0, due - now))
            await connection.begin(0.0)
            due = max(due + pause, time.monotonic() - pause)
    finally:
        connection.transport.abort()


def sample(up: Running, samples: Samples, until: float) -> None:
    """Look every SAMPLE_S seconds at the rate, the lags and the memory."""
    _, web, worker, *_ = up.processes()
    with psycopg.connect(up.conninfo, autocommit=True) as connection:
        begun = before = time.monotonic()
        position = read.head(connection).position
        while time.monotonic() < until:
            time.sleep(SAMPLE_S)
            now, reached = time.monotonic(), read.head(connection).position
            samples["minutes"].append((now - begun) / 60)
            samples["events a second"].append((reached - position) / (now - before))
            for name, lag in read_lags(connection=connection).items():
                samples[f"lag of {name}"].append(lag.seconds)
            samples["memory of web"].append(web.memory_info().rss / MEBIBYTE)
            samples["memory of worker"].append(worker.memory_info().rss / MEBIBYTE)
            before, position = now, reached
