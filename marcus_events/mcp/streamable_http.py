"""Answer one HTTP request by the SDK's streamable HTTP transport.

The transport is stateless: each request has a server and a session manager of its own, which end with it. So there is
nothing to start or stop with the process, and a client notices no restart. Responses are JSON, not event streams: no
call lasts longer than MAX_WAIT_S.
"""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

from django.http import HttpResponse
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from marcus_events.access.authentication import Caller
from marcus_events.http.json_body import MAX_BODY
from marcus_events.mcp.tool_server import build_server


class Exchange:
    """The ASGI callables of a request whose body has been received, and its collected response."""

    def __init__(self, body: bytes) -> None:
        self._messages: list[MutableMapping[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]
        self.response = HttpResponse()

    async def receive(self) -> MutableMapping[str, Any]:
        """Return the body, then wait: who calls `respond` cancels it if the client disconnects."""
        if self._messages:
            return self._messages.pop()
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.response = HttpResponse(status=message["status"], content_type="")
            del self.response["Content-Type"]
            for name, value in message.get("headers", []):
                if name.lower() != b"content-length":
                    self.response[name.decode("latin-1")] = value.decode("latin-1")
        else:
            self.response.write(message.get("body", b""))


async def respond(scope: dict[str, Any], body: bytes, caller: Caller) -> HttpResponse:
    exchange = Exchange(body)
    manager = StreamableHTTPSessionManager(
        build_server(caller), json_response=True, stateless=True, max_request_body_size=MAX_BODY
    )
    async with manager.run():
        await manager.handle_request(scope, exchange.receive, exchange.send)
    return exchange.response
