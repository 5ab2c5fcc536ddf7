"""Limit the messages of a WebSocket that the application has not read yet.

Daphne's own queue has no limit. While more than MAX_UNREAD_BYTES wait, nothing more is read from the client.
"""

from __future__ import annotations

import asyncio
from typing import Any

from server.limits import MAX_UNREAD_BYTES

POLL_INTERVAL_S = 0.01  # asyncio's queues do not say when they are empty


class WebSocketInbox:
    """Stands for the queue that Daphne puts messages into."""

    def __init__(self, queue: asyncio.Queue[dict[str, Any]], transport: Any) -> None:
        self.queue = queue
        self.transport = transport
        self.unread_bytes = 0  # an upper bound: it is corrected whenever the queue is empty
        self.pausing: asyncio.Task[None] | None = None

    def put_nowait(self, message: dict[str, Any]) -> None:
        if self.queue.empty():
            self.unread_bytes = 0
        self.queue.put_nowait(message)
        self.unread_bytes += len(message.get("text") or message.get("bytes") or "")
        if message["type"] == "websocket.disconnect":
            self.close()
        elif self.unread_bytes > MAX_UNREAD_BYTES and not self.pausing:
            self.pausing = asyncio.ensure_future(self.pause_until_empty())

    async def pause_until_empty(self) -> None:
        self.transport.pauseProducing()
        while not self.queue.empty():
            await asyncio.sleep(POLL_INTERVAL_S)
        self.pausing = None
        self.transport.resumeProducing()

    def close(self) -> None:
        """Stop waiting: the application may have ended without reading the rest."""
        if self.pausing:
            self.pausing.cancel()
