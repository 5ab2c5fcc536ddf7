"""What a WebSocket has sent and the application has not taken yet; Daphne's own is a queue without an end.

A client that is ahead by more than MOST_UNREAD is not read from until the application has caught up.
"""

from __future__ import annotations

import asyncio
from typing import Any

MOST_UNREAD = 256 * 1024  # bytes; and the one message that goes beyond it
LOOK_EVERY_S = 0.01  # whether it has caught up: asyncio's queues do not tell


class Inbox:
    def __init__(self, queue: asyncio.Queue[dict[str, Any]], transport: Any) -> None:
        self.queue = queue
        self.transport = transport
        self.unread = 0  # bytes, at most
        self.catching_up: asyncio.Task[None] | None = None

    def put_nowait(self, message: dict[str, Any]) -> None:
        if self.queue.empty():
            self.unread = 0
        self.queue.put_nowait(message)
        self.unread += len(message.get("text") or message.get("bytes") or "")
        if message["type"] == "websocket.disconnect":
            self.end()
        elif self.unread > MOST_UNREAD and not self.catching_up:
            self.catching_up = asyncio.ensure_future(self.catch_up())

    async def catch_up(self) -> None:
        self.transport.pauseProducing()
        while not self.queue.empty():
            await asyncio.sleep(LOOK_EVERY_S)
        self.catching_up = None
        self.transport.resumeProducing()

    def end(self) -> None:
        """The connection is gone, and the application may have ended without taking what is left."""
        if self.catching_up:
            self.catching_up.cancel()
