"""What the gate is for, as a whole: slow clients and huge bodies, while others are served."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.running_server import Running
from tests.server.crowd import LARGE, Crowd, exchange

MAY_GROW_BY = 32 * 1024**2  # bytes
ANSWERED_WITHIN_S = 1.0  # 99 of 100
WARM_UP = 100  # requests; what a server makes once is not what it holds for anybody
LASTS_S = 8.0
MIB = b"x" * 1024**2
HUGE = 800  # MiB
POST = b"POST /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
BODIES = [
    (b"Content-Length: %d\r\n\r\n" % (HUGE * len(MIB)), MIB),
    (b"Transfer-Encoding: chunked\r\n\r\n", b"%x\r\n%b\r\n" % (len(MIB), MIB)),
]


class Watched:
    """The most memory that the web process held while the block lasted, beyond what it held before."""

    def __init__(self, running: Running) -> None:
        self.process = running.processes()[1]
        self.before = self.peak = self.uss()
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def uss(self) -> int:
        return int(self.process.memory_full_info().uss)

    def watch(self) -> None:
        while not self.stop.wait(0.05):
            self.peak = max(self.peak, self.uss())

    def __enter__(self) -> Watched:
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop.set()
        self.thread.join()

    @property
    def grown(self) -> int:
        return self.peak - self.before


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with Running() as running:
        yield running


def test_slow_connections_and_huge_bodies_leave_others_served_and_the_memory_as_it_was(running: Running) -> None:
    times: list[float] = []
    with httpx.Client(base_url=running.base_url) as client:
        for _ in range(WARM_UP):
            ask(client, "/healthz")
            ask(client, LARGE)
        with Watched(running) as watched, Crowd(running.port):
            sending = threading.Thread(target=send_huge_bodies, args=(running.port,))
            sending.start()
            ends = time.monotonic() + LASTS_S
            while time.monotonic() < ends or sending.is_alive():
                times.append(ask(client, "/healthz"))
            sending.join()
    assert sorted(times)[len(times) * 99 // 100] < ANSWERED_WITHIN_S
    assert watched.grown < MAY_GROW_BY


def ask(client: httpx.Client, path: str) -> float:
    started = time.monotonic()
    assert client.get(path).status_code == httpx.codes.OK
    return time.monotonic() - started


def send_huge_bodies(port: int) -> None:
    for headers, block in BODIES:
        assert exchange(port, POST + headers, then=HUGE, block=block).startswith(b"HTTP/1.1 413 ")
