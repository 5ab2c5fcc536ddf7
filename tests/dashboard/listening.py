"""A page's end of its WebSocket, before the application's own front."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

from config.asgi import application
from tests.dashboard.reading import Document
from tests.waiting import PATIENCE
from tests.websocket_line import Line

OURS = b"http://testserver"


class Page:
    """A page's end of the line."""

    def __init__(self, line: Any) -> None:
        self.line = line
        self.frames: list[str] = []

    async def frame(self) -> Document:
        self.frames.append(await self.line.receive_from(PATIENCE))
        return Document(self.frames[-1])

    async def until(self, enough: Callable[[Document], object]) -> Document:
        """The first frame of which this is true."""
        async with asyncio.timeout(PATIENCE):
            while not enough(found := await self.frame()):
                pass
        return found

    async def closed(self) -> int:
        """The code that the line was closed with, after whatever else was sent."""
        async with asyncio.timeout(PATIENCE):
            while (message := await self.line.receive_output(PATIENCE))["type"] != "websocket.close":
                assert message["type"] == "websocket.send"
        code: int = message["code"]
        return code


@asynccontextmanager
async def opened(cookie: str, page: str, **page_state: str) -> AsyncIterator[Page]:
    headers = [(b"host", b"testserver"), (b"origin", OURS), (b"cookie", cookie.encode())]
    line = Line(application, f"/ws/live/?{urlencode({'page': page} | page_state)}", headers)
    accepted, _ = await line.connect(PATIENCE)
    assert accepted
    try:
        yield Page(line)
    finally:
        await line.disconnect(timeout=PATIENCE)
