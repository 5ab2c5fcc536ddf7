"""A WebSocket client that costs little, so that hundreds of them do not take the processor from the server.

It reads whole text frames and answers pings. Its frames are masked with zeros, which leaves their bytes as they are.
"""

from __future__ import annotations

import asyncio
import base64
import os
import struct
from collections.abc import Callable, Mapping

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
FINAL, MASKED = 0x80, 0x80


class WebSocket(asyncio.Protocol):
    """Calls `receive` with the bytes of each text frame."""

    def __init__(self, port: int, path: str, headers: Mapping[str, str], receive: Callable[[bytes], None]) -> None:
        self._address = (port, path, headers)
        self.receive = receive
        self._received = bytearray()
        self._is_open = False
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        port, path, headers = self._address
        stated = dict(headers) | {
            "Host": f"127.0.0.1:{port}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            "Sec-WebSocket-Version": "13",
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in stated.items())
        transport.write(f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode())

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._is_open:
            head, found, rest = bytes(self._received).partition(b"\r\n\r\n")
            if not found:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self.opened.set_exception(ConnectionError(head.splitlines()[0].decode(errors="replace")))
                return
            self._is_open, self._received = True, bytearray(rest)
            self.opened.set_result(None)
        while self._read_frame():
            pass

    def _read_frame(self) -> bool:
        """Handle the next frame, if it is complete. Servers do not mask."""
        received = self._received
        if len(received) < 2:
            return False
        start, size = 2, received[1] & 0x7F
        if size >= 126:
            form, start = (">H", 4) if size == 126 else (">Q", 10)
            if len(received) < start:
                return False
            size = struct.unpack_from(form, received, 2)[0]
        if len(received) < start + size:
            return False
        kind, body = received[0] & 0x0F, bytes(received[start : start + size])
        del received[: start + size]
        if kind == TEXT:
            self.receive(body)
        elif kind == PING:
            self._send(PONG, body)
        return True

    def send(self, text: bytes) -> None:
        self._send(TEXT, text)

    def _send(self, kind: int, body: bytes) -> None:
        size = len(body)
        length = bytes([MASKED | size]) if size < 126 else bytes([MASKED | 126]) + struct.pack(">H", size)
        self.transport.write(bytes([FINAL | kind]) + length + bytes(4) + body)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(ConnectionError(f"the server closed the connection ({error})"))


async def open_websocket(
    port: int, path: str, headers: Mapping[str, str], receive: Callable[[bytes], None]
) -> WebSocket:
    """Connect, and return when the server has accepted."""
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(lambda: WebSocket(port, path, headers, receive), "127.0.0.1", port)
    await client.opened
    return client
