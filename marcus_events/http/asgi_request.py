"""Receives an ASGI request: its body, and whether the client is still there."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class ClientDisconnected(Exception):
    """The client has closed its connection."""


class BodyLimitExceeded(ValueError):
    """The body of a request is larger than its limit."""


async def read_body(receive: Any, max_bytes: int | None = None) -> bytes:
    """Return the whole body. Raises ClientDisconnected or BodyLimitExceeded."""
    parts, size, is_whole = [], 0, False
    while not is_whole:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnected
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if max_bytes is not None and size > max_bytes:
            raise BodyLimitExceeded
        is_whole = not message.get("more_body", False)
    return b"".join(parts)


async def unless_disconnected(work: Coroutine[Any, Any, Result], receive: Any) -> Result:
    """Return the result of the work; cancel it if the client disconnects first. Raises ClientDisconnected."""
    working, watching = asyncio.ensure_future(work), asyncio.ensure_future(until_disconnected(receive))
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnected
        return working.result()
    finally:
        for task in (working, watching):
            task.cancel()
        await asyncio.gather(working, watching, return_exceptions=True)


async def until_disconnected(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
