# mypy: ignore-errors

"""An agent with the SDK 1.x: lists the tools, and calls each of them. Run by that SDK's own Python.

python older_client.py URL TOKEN BOARD
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client


async def main(url: str, token: str, task: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    async with streamablehttp_client(url, headers=headers) as (read, write, _), ClientSession(read, write) as session:
        started = await session.initialize()
        results: dict[str, Any] = {}

        async def call(tool: str, **arguments: Any) -> Any:
            result = await session.call_tool(tool, arguments)
            assert not result.isError, result.content
            results[tool] = result.structuredContent
            return result.structuredContent

        tools = (await session.list_tools()).tools
        ticket = (await call("report_blocker", task=task, question="Which key?"))["ticket"]
        await call("wait_for_answer", ticket=ticket, timeout=0)
        await call("report_progress", task=task, progress=40)
        await call("publish_event", event_type="decision_logged", data={"what": "REST"})
        await call("get_task", task=task)
        await call("list_blockers")
        await call("search_history", query="type:decision_logged")
        assert (await session.call_tool("get_task", {"task": "unknown"})).isError
    print(json.dumps({"version": started.protocolVersion, "tools": [tool.name for tool in tools], "results": results}))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
