"""A client for HTTP/1.1 that costs little: a fixed number of connections, each with one request at a time.

Clients that do more would take the processor from the servers, which run on the same machine.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from benchmarks.payloads import with_new_ids

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
ACCEPTED = (b"HTTP/1.1 200", b"HTTP/1.1 201", b"HTTP/1.1 204")
TIMEOUT_S = 60.0  # for connecting, and for the last answers


@dataclass
class Load:
    """What the connections have measured: the seconds of each request, and those of all together."""

    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0


class Connection(asyncio.Protocol):
    """Sends the next request when the last one is answered, from `begin` until its time is over."""

    def __init__(self, requests: Iterator[bytes], load: Load) -> None:
        self._requests, self._load = requests, load
        self._received = bytearray()
        self._sent_at = self._until = 0.0
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def begin(self, until: float) -> asyncio.Future[None]:
        """Send at least one request, and more until the time; the future is done with the last answer."""
        self._until = until
        self._done = asyncio.get_running_loop().create_future()
        self._send_next()
        return self._done

    def _send_next(self) -> None:
        request = with_new_ids(next(self._requests))
        self._sent_at = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = bytes(self._received).partition(b"\r\n\r\n")
        length = LENGTH.search(head)
        if not found or (length and len(body) < int(length[1])):
            return
        now = time.perf_counter()
        self._load.latencies.append(now - self._sent_at)
        self._received.clear()
        if not head.startswith(ACCEPTED):
            self._fail(f"{head.splitlines()[0].decode(errors='replace')}: {body[:200].decode(errors='replace')}")
        elif now < self._until:
            self._send_next()
        elif not self._done.done():
            self._done.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        self._fail(f"the server closed the connection ({error})")

    def _fail(self, text: str) -> None:
        if not self._done.done():
            self._done.set_exception(ConnectionError(text))


def post_requests(port: int, path: str, bodies: Iterator[bytes], headers: dict[str, str]) -> Iterator[bytes]:
    """Yield complete requests; the ids in their bodies are still to be replaced."""
    stated = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n{stated}"
    for body in bodies:
        yield f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def measure_load(port: int, requests: Iterator[bytes], connections: int, seconds: float) -> Load:
    """Send requests over so many connections for so many seconds, and wait for the last answers."""
    return asyncio.run(run_load(port, requests, connections, seconds))


async def run_load(port: int, requests: Iterator[bytes], connections: int, seconds: float) -> Load:
    """The first request of each connection is not counted: a server may make new connections wait."""
    load = Load()
    opened: list[Connection] = []
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(seconds + TIMEOUT_S):
            for _ in range(connections):
                _, connection = await loop.create_connection(lambda: Connection(requests, load), "127.0.0.1", port)
                opened.append(connection)
            await asyncio.gather(*(connection.begin(0.0) for connection in opened))
            load.latencies.clear()
            begun = time.perf_counter()
            await asyncio.gather(*(connection.begin(begun + seconds) for connection in opened))
            load.seconds = time.perf_counter() - begun
    finally:
        for connection in opened:
            connection.transport.abort()
    return load
