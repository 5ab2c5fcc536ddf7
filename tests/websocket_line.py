"""A WebSocket to the application's own front, and Django's side of a test that runs in an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from asgiref.testing import ApplicationCommunicator
from channels.testing import WebsocketCommunicator
from django.db import connection

Result = TypeVar("Result")


class Line(WebsocketCommunicator):  # type: ignore[misc]  # Channels has no types
    """Channels' own, without what it does for tests within a transaction: it would leave the connections open."""

    send_input = ApplicationCommunicator.send_input
    receive_output = ApplicationCommunicator.receive_output


async def away(work: Callable[..., Result], *values: Any) -> Result:
    """Django's side of a test, in a thread as it is in life; its connection is given back."""

    def done() -> Result:
        try:
            return work(*values)
        finally:
            connection.close()

    return await asyncio.to_thread(done)
