"""The client end of a program's WebSocket, connected to the ASGI application."""

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
from tests.waiting import TIMEOUT_S
from tests.websocket_line import Line, in_thread

Frame = dict[str, Any]
Headers = list[tuple[bytes, bytes]]
HOST = (b"host", b"testserver")
OURS = (b"origin", b"http://testserver")


class Program:
    """`frames` are all frames received."""

    def __init__(self, line: Any) -> None:
        self.line = line
        self.frames: list[Frame] = []

    async def send(self, **frame: Any) -> None:
        await self.line.send_to(text_data=json.dumps(frame))

    async def receive(self) -> Frame:
        self.frames.append(json.loads(await self.line.receive_from(TIMEOUT_S)))
        return self.frames[-1]

    async def until(self, kind: str, **fields: Any) -> Frame:
        """Receive until a frame has this type and these fields, and return it."""
        async with asyncio.timeout(TIMEOUT_S):
            while not {"type": kind, **fields}.items() <= (found := await self.receive()).items():
                pass
        return found

    async def receive_until(self, enough: Callable[[], object]) -> None:
        """Receive until the condition is true."""
        async with asyncio.timeout(TIMEOUT_S):
            while not enough():
                await self.receive()

    async def ask(self, **frame: Any) -> Frame:
        """Send a frame and return the reply with its id that is no event."""
        await self.send(**frame)
        async with asyncio.timeout(TIMEOUT_S):
            while (found := await self.receive())["type"] in ("event", "heartbeat", "caught_up"):
                pass
        return found

    async def closed(self) -> int:
        """Return the close code, after any other messages."""
        async with asyncio.timeout(TIMEOUT_S):
            while (message := await self.line.receive_output(TIMEOUT_S))["type"] != "websocket.close":
                self.frames.append(json.loads(message["text"]))
        code: int = message["code"]
        return code

    def positions_of(self, name: str = "a") -> list[int]:
        """Return the positions of the events for a subscription."""
        mine = (frame for frame in self.frames if frame["type"] == "event" and frame["id"] == name)
        return [frame["event"]["position"] for frame in mine]

    def frame_types(self) -> list[str]:
        return [frame["type"] for frame in self.frames if frame["type"] != "heartbeat"]


def bearer(token: str) -> tuple[bytes, bytes]:
    return (b"authorization", f"Bearer {token}".encode())


@asynccontextmanager
async def connected_program(*headers: tuple[bytes, bytes]) -> AsyncIterator[Program]:
    line = Line(application, "/ws/events/", [HOST, *headers])
    line.scope["client"] = ("127.0.0.1", 1)
    accepted, _ = await line.connect(TIMEOUT_S)
    assert accepted
    try:
        yield Program(line)
    finally:
        await line.disconnect(timeout=TIMEOUT_S)


async def is_handshake_refused(*headers: tuple[bytes, bytes]) -> bool:
    """Return whether the handshake is refused."""
    line = Line(application, "/ws/events/", [HOST, *headers])
    accepted, _ = await line.connect(TIMEOUT_S)
    await line.disconnect(timeout=TIMEOUT_S)
    return not accepted


async def publish(*event_types: str, board: str = "shop", data: Any = None) -> None:
    """Publish from another thread."""
    await in_thread(ingest, [make_event(name, board, data) for name in event_types])


def make_event(event_type: str, board: str = "shop", data: Any = None) -> Event:
    return Event(uuid4().hex, utc_now(), event_type, "agent_1", data or {}, {"board_id": board} if board else {})
