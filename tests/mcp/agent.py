"""An agent: the official MCP client, connected to the running application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

from tests.running_server import Running

NEWEST, HANDSHAKE = "2026-07-28", "legacy"  # how a client begins: newest protocol, or with the older handshake
MODES = ("auto", NEWEST, HANDSHAKE)
TIMEOUT_S = 120.0  # longer than any call takes, even on a machine that is ten times slower


class Agent:
    def __init__(self, client: Client) -> None:
        self.client = client

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Return the result of a tool, which must succeed."""
        result = await self.client.call_tool(tool, arguments)
        assert not result.is_error, texts_of(result)
        found: dict[str, Any] = result.structured_content
        return found

    async def refusal(self, tool: str, arguments: dict[str, Any]) -> str:
        """Return the error text of a tool, which must fail."""
        result = await self.client.call_tool(tool, arguments)
        assert result.is_error, result.structured_content
        return texts_of(result)


def texts_of(result: Any) -> str:
    return "\n".join(block.text for block in result.content)


@asynccontextmanager
async def connected(running: Running, token: str, mode: Any = "auto") -> AsyncIterator[Agent]:
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(headers=headers, timeout=TIMEOUT_S) as http:
        transport = streamable_http_client(f"{running.base_url}/mcp", http_client=http)
        async with Client(transport, mode=mode) as client:
            yield Agent(client)
