"""Who sends more than the application takes is not read from until it has caught up."""

from __future__ import annotations

import asyncio
from typing import Any

from server.limits import MAX_UNREAD_BYTES
from server.websocket_inbox import WebSocketInbox
from tests.server.test_http_channel import Wire
from tests.waiting import wait_until_async


async def test_it_is_read_from_again_when_everything_was_taken() -> None:
    queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    wire = Wire()
    inbox = WebSocketInbox(queue, wire)
    for _ in range(2):
        inbox.put_nowait({"type": "websocket.receive", "text": "x" * MAX_UNREAD_BYTES})
        inbox.put_nowait({"type": "websocket.receive", "bytes": b"x"})
        await wait_until_async(lambda: wire.producerState == "paused")
        assert (await queue.get(), await queue.get())[1]["bytes"] == b"x"
        await wait_until_async(lambda: wire.producerState == "producing")


async def test_what_is_taken_at_once_never_stops_it() -> None:
    queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    inbox = WebSocketInbox(queue, Wire())
    for _ in range(10):
        inbox.put_nowait({"type": "websocket.receive", "text": "x" * MAX_UNREAD_BYTES})
        await queue.get()
    assert not inbox.pausing


async def test_nobody_looks_any_more_when_it_is_gone() -> None:
    inbox = WebSocketInbox(asyncio.Queue(), Wire())
    inbox.put_nowait({"type": "websocket.receive", "text": "x" * (MAX_UNREAD_BYTES + 1)})
    looking = inbox.pausing
    assert looking
    inbox.put_nowait({"type": "websocket.disconnect"})
    await asyncio.wait([looking])
    assert looking.cancelled()
