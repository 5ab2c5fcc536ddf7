"""The memory that the web process takes for each WebSocket of an open page on which nothing happens."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

from benchmarks.busy_server import open_page
from tests.running_server import Running

WARM_UP = 20  # sockets that are opened and closed first, so that modules and caches are loaded
SETTLE_S = 6.0  # more than a heartbeat: every socket was sent one
KILOBYTE = 1000


async def kilobytes_per_socket(up: Running, cookie: str, sockets: int) -> float:
    _, web, *_ = up.processes()
    await hold(up, cookie, WARM_UP)
    before = web.memory_info().rss
    after = await hold(up, cookie, sockets)
    return (after - before) / sockets / KILOBYTE


async def hold(up: Running, cookie: str, sockets: int) -> int:
    """Open so many, and return the memory of the web process meanwhile; wait until they are closed."""
    _, web, *_ = up.processes()
    with ExitStack() as stack:
        for _ in range(sockets):
            socket = await open_page(up, cookie, "now", lambda frame: None)
            stack.callback(socket.transport.abort)
        await asyncio.sleep(SETTLE_S)
        found = web.memory_info().rss
    await asyncio.sleep(1.0)
    return found
