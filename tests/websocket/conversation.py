"""A program's end of the line, before the application's own front."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from config.asgi import application
from marcus_events.core.event import Event, utc_now
from marcus_events.ingest import ingest
from tests.waiting import PATIENCE
from tests.websocket_line import Line, away

Frame = dict[str, Any]
Headers = list[tuple[bytes, bytes]]
HOST = (b"host", b"testserver")
OURS = (b"origin", b"http://testserver")


class Program:
    """`frames` is all that it was sent."""

    def __init__(self, line: Any) -> None:
        self.line = line
        self.frames: list[Frame] = []

    async def say(self, **frame: Any) -> None:
        await self.line.send_to(text_data=json.dumps(frame))

    async def hear(self) -> Frame:
        self.frames.append(json.loads(await self.line.receive_from(PATIENCE)))
        return self.frames[-1]

    async def until(self, kind: str, **fields: Any) -> Frame:
        """The next frame of this type with these fields."""
        async with asyncio.timeout(PATIENCE):
            while not {"type": kind, **fields}.items() <= (found := await self.hear()).items():
                pass
        return found

    async def while_not(self, enough: Callable[[], object]) -> None:
        """Hear more until this is true."""
        async with asyncio.timeout(PATIENCE):
            while not enough():
                await self.hear()

    async def ask(self, **frame: Any) -> Frame:
        """The answer to a frame: what is sent with its id and is no event."""
        await self.say(**frame)
        async with asyncio.timeout(PATIENCE):
            while (found := await self.hear())["type"] in ("event", "heartbeat", "caught_up"):
                pass
        return found

    async def closed(self) -> int:
        """The code that the line was closed with, after whatever else was sent."""
        async with asyncio.timeout(PATIENCE):
            while (message := await self.line.receive_output(PATIENCE))["type"] != "websocket.close":
                self.frames.append(json.loads(message["text"]))
        code: int = message["code"]
        return code

    def of(self, name: str = "a") -> list[int]:
        """The positions of the events that came for a subscription."""
        mine = (frame for frame in self.frames if frame["type"] == "event" and frame["id"] == name)
        return [frame["event"]["position"] for frame in mine]

    def kinds(self) -> list[str]:
        return [frame["type"] for frame in self.frames if frame["type"] != "heartbeat"]


def bearer(token: str) -> tuple[bytes, bytes]:
    return (b"authorization", f"Bearer {token}".encode())


@asynccontextmanager
async def talking(*headers: tuple[bytes, bytes]) -> AsyncIterator[Program]:
    line = Line(application, "/ws/events/", [HOST, *headers])
    line.scope["client"] = ("127.0.0.1", 1)
    accepted, _ = await line.connect(PATIENCE)
    assert accepted
    try:
        yield Program(line)
    finally:
        await line.disconnect(timeout=PATIENCE)


async def refused(*headers: tuple[bytes, bytes]) -> bool:
    """Whether the handshake is refused outright."""
    line = Line(application, "/ws/events/", [HOST, *headers])
    accepted, _ = await line.connect(PATIENCE)
    await line.disconnect(timeout=PATIENCE)
    return not accepted


async def publish(*event_types: str, board: str = "shop", data: Any = None) -> None:
    """From elsewhere."""
    await away(ingest, [made(name, board, data) for name in event_types])


def made(event_type: str, board: str = "shop", data: Any = None) -> Event:
    return Event(uuid4().hex, utc_now(), event_type, "agent_1", data or {}, {"board_id": board} if board else {})
