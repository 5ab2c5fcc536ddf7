"""Measures when all of a number of WebSockets have received a frame."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager

from benchmarks.contest import Figures, percentiles
from benchmarks.servers import Server
from benchmarks.websocket_client import WebSocket, open_websocket
from marcus_events.core.event import Event

PAUSE_S = 0.005  # between samples, so that each one meets an idle server
TIMEOUT_S = 20.0


class Arrivals:
    """`sockets` are those that call `receive`."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._text, self._missing = b"\0", number
        self._arrived: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self.sockets: list[WebSocket] = []

    def expect(self, text: str) -> asyncio.Future[float]:
        """Return a future with the time when every socket has received a frame that contains the text."""
        self._text, self._missing = text.encode(), self._number
        self._arrived = asyncio.get_running_loop().create_future()
        return self._arrived

    def receive(self, frame: bytes) -> None:
        if self._text not in frame:
            return
        self._missing -= 1
        if self._missing == 0 and not self._arrived.done():
            self._arrived.set_result(time.perf_counter())


@asynccontextmanager
async def connected(server: Server, path: str, number: int) -> AsyncIterator[Arrivals]:
    arrivals = Arrivals(number)
    try:
        async with asyncio.timeout(TIMEOUT_S):
            for _ in range(number):
                opened = await open_websocket(server.port, path, server.headers, arrivals.receive)
                arrivals.sockets.append(opened)
        yield arrivals
    finally:
        for socket in arrivals.sockets:
            socket.transport.abort()


async def timed(
    samples: int, arrivals: Arrivals, events: Iterator[Event], send: Callable[[Event], Awaitable[float]]
) -> Figures:
    """Send one event after another; `send` returns when its time began."""
    took = []
    for event in [next(events) for _ in range(samples)]:
        arrived = arrivals.expect(event.event_id)
        begun = await send(event)
        async with asyncio.timeout(TIMEOUT_S):
            took.append(await arrived - begun)
        await asyncio.sleep(PAUSE_S)
    return percentiles(took)
