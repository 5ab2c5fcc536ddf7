"""A hundred slow and hostile clients of each kind, for a limited time, in their own process.

    python -m tests.intrude.crowd PORT TOKEN COOKIES SECONDS [KIND…]

Each kind has its own address. A disconnected client returns after a pause, so the crowd stays as large as the server
lets it be, without using all of the machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import socket
import sys
import urllib.parse
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.intrude.lines import SMALL, as_frame, bearer, handshake_to, request_to
from tests.server.crowd import ASKED_AHEAD, LARGE

EACH = 100
PAUSE_S = 1.0  # between attempts of a client, and between pieces sent or read slowly
PIECE = 64 * 1024

_numbers = itertools.count(1)


@dataclass
class Line:
    """A client's connection; `read` and `send` raise OSError or EOFError when it has ended."""

    port: int
    token: str
    cookies: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def request(self, path: str, *headers: str, method: str = "GET") -> bytes:
        return request_to(self.port, path, *headers, method=method)

    def send(self, data: bytes) -> None:
        if self.writer.is_closing():
            raise EOFError
        self.writer.write(data)

    async def read(self, size: int = PIECE) -> bytes:
        if not (found := await self.reader.read(size)):
            raise EOFError
        return found

    async def open_socket(self, path: str, *headers: str) -> None:
        self.send(handshake_to(self.port, path, *headers))
        if b" 101 " not in await self.reader.readuntil(b"\r\n\r\n"):
            raise EOFError

    @property
    def origin(self) -> str:
        return f"Origin: http://127.0.0.1:{self.port}"


async def silent(line: Line) -> None:
    await line.read()


async def trickle_headers(line: Line) -> None:
    line.send(line.request("/healthz").removesuffix(b"\r\n"))
    while True:
        line.send(b"X-Slow: 1\r\n")
        await asyncio.sleep(PAUSE_S)


async def trickle_body(line: Line) -> None:
    line.send(line.request("/api/events", "Content-Length: 90000", bearer(line.token), method="POST"))
    while True:
        line.send(b"x")
        await asyncio.sleep(PAUSE_S)


async def ask_and_never_read(line: Line) -> None:
    line.send(line.request(LARGE) * ASKED_AHEAD)
    await slowly(line)


async def subscribe_and_never_read(line: Line) -> None:
    await line.open_socket("/ws/events/", bearer(line.token))
    line.send(as_frame(b'{"action": "subscribe", "id": "a", "after": 0}'))
    await slowly(line)


async def follow_a_page_slowly(line: Line) -> None:
    await line.open_socket("/ws/live/?page=activity", line.cookies, line.origin)
    await slowly(line)


async def send_garbage(line: Line) -> None:
    await line.open_socket("/ws/events/", bearer(line.token))
    while True:
        line.send(os.urandom(512))
        await line.read()
        await asyncio.sleep(PAUSE_S)


async def send_huge_frames(line: Line) -> None:
    """Send frames of the maximum size in pieces; their content is useless."""
    await line.open_socket("/ws/events/", bearer(line.token))
    huge = as_frame(json.dumps({"action": "publish", "id": "x" * 1000 * 1000}).encode())
    while True:
        for begin in range(0, len(huge), PIECE):
            line.send(huge[begin : begin + PIECE])
            await asyncio.sleep(PAUSE_S)


async def wait_for_nothing(line: Line) -> None:
    line.send(line.request("/api/events/wait?type=never&timeout=60", bearer(line.token)))
    await line.read()


async def sign_in(line: Line) -> None:
    line.send(line.request("/sign-in/"))
    page = (await line.reader.readuntil(b"</form>")).decode(errors="replace")
    token = page.partition('csrfmiddlewaretoken" value="')[2].partition('"')[0]
    cookie = page.partition("csrftoken=")[2].partition(";")[0]
    body = urllib.parse.urlencode(
        {"csrfmiddlewaretoken": token, "username": f"n{next(_numbers)}", "password": "wrong"}
    ).encode()
    form = (
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
        f"Cookie: csrftoken={cookie}",
    )
    while True:
        line.send(line.request("/sign-in/", *form, line.origin, method="POST") + body)
        await line.read()
        await asyncio.sleep(PAUSE_S)


async def export_slowly(line: Line) -> None:
    line.send(line.request("/history/export/?format=jsonl", line.cookies))
    await slowly(line)


async def guess_tokens(line: Line) -> None:
    while True:
        line.send(line.request("/api/events", bearer(f"mev_{os.urandom(16).hex()}")))
        await line.read()
        await asyncio.sleep(PAUSE_S)


async def slowly(line: Line) -> None:
    while True:
        await asyncio.sleep(PAUSE_S)
        await line.read(1)


KINDS: list[Callable[[Line], Awaitable[None]]] = [
    silent,
    trickle_headers,
    trickle_body,
    ask_and_never_read,
    subscribe_and_never_read,
    follow_a_page_slowly,
    send_garbage,
    send_huge_frames,
    wait_for_nothing,
    sign_in,
    export_slowly,
    guess_tokens,
]


def connected(port: int, source: str) -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)  # unread data stays in the server's buffers
    made.setblocking(False)
    made.bind((source, 0))
    return made


async def client(kind: Callable[[Line], Awaitable[None]], port: int, token: str, cookies: str, source: str) -> None:
    """Reconnect again and again until the crowd ends."""
    loop = asyncio.get_running_loop()
    ended = (OSError, EOFError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)
    while True:
        with contextlib.suppress(*ended), connected(port, source) as made:
            await loop.sock_connect(made, ("127.0.0.1", port))
            reader, writer = await asyncio.open_connection(sock=made, limit=SMALL * 16)
            try:
                await kind(Line(port, token, cookies, reader, writer))
            finally:
                writer.transport.abort()
        await asyncio.sleep(PAUSE_S)


async def crowd(port: int, token: str, cookies: str, seconds: float, names: list[str]) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds), asyncio.TaskGroup() as group:
            for number, kind in enumerate(KINDS):
                for _ in range(EACH if not names or kind.__name__ in names else 0):
                    group.create_task(client(kind, port, token, cookies, f"127.0.1.{number + 1}"))


if __name__ == "__main__":
    asyncio.run(crowd(int(sys.argv[1]), sys.argv[2], f"Cookie: {sys.argv[3]}", float(sys.argv[4]), sys.argv[5:]))
