"""Raw TCP connections to the target from any local address, for requests that no well-behaved client sends."""

from __future__ import annotations

import base64
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.waiting import TIMEOUT_S

if TYPE_CHECKING:
    from tests.intrude.target import Target  # which needs Django; the crowd does without

RESET_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: closing resets the connection
SMALL = 4096  # receive buffer of a slow reader; more data stays in the server's buffers


def line(target: Target, source: str = "127.0.0.1", *, is_slow: bool = False) -> socket.socket:
    """Connect from the address `source`: on Linux all of 127.0.0.0/8 is local."""
    made = socket.socket()
    made.settimeout(TIMEOUT_S)
    if is_slow:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
    made.bind((source, 0))
    made.connect(("127.0.0.1", target.port))
    return made


def request(target: Target, path: str, *headers: str, method: str = "GET") -> bytes:
    return request_to(target.port, path, *headers, method=method)


def request_to(port: int, path: str, *headers: str, method: str = "GET") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", *headers, "", ""]).encode()


def bearer(token: str) -> str:
    return f"Authorization: Bearer {token}"


def handshake(target: Target, path: str, *headers: str) -> bytes:
    return handshake_to(target.port, path, *headers)


def handshake_to(port: int, path: str, *headers: str) -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    upgrade = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}")
    return request_to(port, path, *upgrade, *headers)


def as_frame(text: bytes) -> bytes:
    """Encode a client's WebSocket message; masked with zeros."""
    length = len(text)
    if length < 126:
        size = struct.pack("!B", 0x80 | length)
    elif length < 65536:
        size = struct.pack("!BH", 0x80 | 126, length)
    else:
        size = struct.pack("!BQ", 0x80 | 127, length)
    return b"\x81" + size + b"\0\0\0\0" + text


def status(answer: bytes) -> int:
    """Return the status of the first response; 0 if there is none."""
    first = answer.partition(b"\r\n")[0].split(b" ")
    return int(first[1]) if len(first) > 1 else 0


def reset(connection: socket.socket) -> None:
    """Reset the connection, as a killed process or lost network does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_ONCE)
    connection.close()


@contextmanager
def closing(connections: list[socket.socket]) -> Iterator[list[socket.socket]]:
    try:
        yield connections
    finally:
        for connection in connections:
            connection.close()
