"""agents URL PROJECT NAME COUNT: scripted agents that speak MCP to a Marcus until they get no more work.

Each takes tasks and reports progress. It reports a blocker on every fourth task, and goes to the next one.
"""

# mypy: ignore-errors
from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client

URL, PROJECT, NAME, COUNT = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
IDLE_ROUNDS = 8


async def agent(number: int) -> None:
    name, taken, idle = f"{NAME}_{number}", number, 0
    async with streamablehttp_client(URL) as (read, write, _), ClientSession(read, write) as session:
        await session.initialize()

        async def call(tool: str, **arguments: Any) -> dict[str, Any]:
            result = await session.call_tool(tool, arguments)
            try:
                return json.loads(result.content[0].text)
            except (IndexError, ValueError):
                return {}

        about = {"name": name.title(), "role": "Developer", "skills": ["python"]}
        await call("register_agent", agent_id=name, project_id=PROJECT, **about)
        while idle < IDLE_ROUNDS:
            task = (await call("request_next_task", agent_id=name)).get("task")
            if not task:
                idle += 1
                await asyncio.sleep(1)
                continue
            idle, taken = 0, taken + 1
            mine = {"agent_id": name, "task_id": task["id"]}
            for percent in (25, 75):
                await call("report_task_progress", **mine, status="in_progress", progress=percent, message="Working")
                await asyncio.sleep(0.3)
            if taken % 4 == 0 and "part" not in task["name"]:
                await call(
                    "report_blocker", **mine, blocker_description=f"Which way for {task['name']}?", severity="high"
                )
                continue
            await call("log_decision", **mine, decision=f"Simply do {task['name']}, because it is short")
            await call("report_task_progress", **mine, status="completed", progress=100, message="Done")


async def main() -> None:
    await asyncio.gather(*(agent(number + 1) for number in range(COUNT)))


asyncio.run(main())
