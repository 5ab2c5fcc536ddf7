"""Clients that open connections and are slow in every possible way."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self

EACH = 50  # connections of a kind: four kinds make two hundred
TRICKLE_EVERY_S = 0.5
LARGE = "/static/admin/js/vendor/xregexp/xregexp.js"  # 320 KiB; the largest that a stranger can ask for
ASKED_AHEAD = 20  # requests by a client that hardly reads; more than the operating system buffers
GET = f"GET {LARGE} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
BEGINNINGS = {
    b"": b"",  # silent
    b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n": b"X-Slow: 1\r\n",
    b"POST /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 90000\r\n\r\n": b"x",
    GET * ASKED_AHEAD: b"",
}


class Crowd:
    """Two hundred slow connections inside the block."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.lines: list[tuple[socket.socket, bytes]] = []
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.trickle)

    def __enter__(self) -> Self:
        for begin, more in BEGINNINGS.items():
            for _ in range(EACH):
                self.lines.append((self.line(begin), more))
        self.thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop.set()
        self.thread.join()
        for line, _ in self.lines:
            line.close()

    def line(self, begin: bytes) -> socket.socket:
        line = socket.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # what is not read stays with the server
        line.connect(("127.0.0.1", self.port))
        line.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            line.send(begin)
        return line

    def trickle(self) -> None:
        """Send and read a few bytes on each connection."""
        while not self.stop.wait(TRICKLE_EVERY_S):
            for line, more in self.lines:
                with contextlib.suppress(OSError):
                    line.send(more)
                    line.recv(1)


def exchange(port: int, request: bytes, *, then: int = 0, block: bytes = b"", timeout_s: float = 10) -> bytes:
    """Send the request repeatedly before reading; return all responses up to the connection's end."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout_s) as line:
        with contextlib.suppress(ConnectionError):
            line.sendall(request)
            for _ in range(then):
                line.sendall(block)
        return b"".join(iter(lambda: line.recv(65536), b""))
