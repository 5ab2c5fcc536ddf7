"""A WebSocket connected to the ASGI application, and a thread for the synchronous side of asynchronous tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from asgiref.testing import ApplicationCommunicator
from channels.testing import WebsocketCommunicator
from django.db import connection

Result = TypeVar("Result")


class Line(WebsocketCommunicator):  # type: ignore[misc]  # Channels has no types
    """Channels' communicator without its in-transaction workaround, which would leave connections open."""

    send_input = ApplicationCommunicator.send_input
    receive_output = ApplicationCommunicator.receive_output


async def in_thread(work: Callable[..., Result], *values: Any) -> Result:
    """Run synchronous work in a thread and return its database connection."""

    def done() -> Result:
        try:
            return work(*values)
        finally:
            connection.close()

    return await asyncio.to_thread(done)
