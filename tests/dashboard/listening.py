"""The client end of a page's WebSocket, connected to the ASGI application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

from config.asgi import application
from tests.dashboard.reading import Document
from tests.waiting import TIMEOUT_S
from tests.websocket_line import Line

OURS = b"http://testserver"


class Page:
    """An open page's connection."""

    def __init__(self, line: Any) -> None:
        self.line = line
        self.frames: list[str] = []

    async def frame(self) -> Document:
        self.frames.append(await self.line.receive_from(TIMEOUT_S))
        return Document(self.frames[-1])

    async def until(self, enough: Callable[[Document], object]) -> Document:
        """Receive until a frame satisfies the condition, and return it."""
        async with asyncio.timeout(TIMEOUT_S):
            while not enough(found := await self.frame()):
                pass
        return found

    async def closed(self) -> int:
        """Return the close code, after any other messages."""
        async with asyncio.timeout(TIMEOUT_S):
            while (message := await self.line.receive_output(TIMEOUT_S))["type"] != "websocket.close":
                assert message["type"] == "websocket.send"
        code: int = message["code"]
        return code


@asynccontextmanager
async def opened(cookie: str, page: str, **page_state: str) -> AsyncIterator[Page]:
    headers = [(b"host", b"testserver"), (b"origin", OURS), (b"cookie", cookie.encode())]
    line = Line(application, f"/ws/live/?{urlencode({'page': page} | page_state)}", headers)
    accepted, _ = await line.connect(TIMEOUT_S)
    assert accepted
    try:
        yield Page(line)
    finally:
        await line.disconnect(timeout=TIMEOUT_S)
