"""refused URL PROJECT: requests and reports that are not an agent's to make; prints Marcus's answers as JSON.

1. The holder takes a task and asks for another one at once: Marcus refuses.
2. A rival, and a stranger that never registered, report on the holder's task: Marcus accepts that, and moves the card.
3. The rival reports on a task that does not exist: Marcus acknowledges that, and does nothing.
4. While another program writes to the board, the rival and the stranger report on the holder's task again: Marcus
   refuses, once it has waited for half a minute.
"""

# mypy: ignore-errors
from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from contextlib import closing
from typing import Any

from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client

URL, PROJECT = sys.argv[1], sys.argv[2]
HOLDER, RIVAL, STRANGER, NO_TASK = "holder", "rival", "stranger", "nosuchtask"
BOARD = "data/kanban.db"
LOCKED_WITHIN_S = 60


def card(task_id: str) -> list[str]:
    with closing(sqlite3.connect(BOARD)) as board:
        query = "SELECT status, assigned_to, updated_at FROM tasks WHERE id = ?"
        return list(board.execute(query, (task_id,)).fetchone())


async def main() -> None:
    async with streamablehttp_client(URL) as (read, write, _), ClientSession(read, write) as session:
        await session.initialize()

        async def call(tool: str, **arguments: Any) -> dict[str, Any]:
            return json.loads((await session.call_tool(tool, arguments)).content[0].text)

        async def at(agent: str, task_id: str, percent: int) -> bool:
            status = "completed" if percent == 100 else "in_progress"
            report = {"agent_id": agent, "task_id": task_id, "status": status, "progress": percent}
            return (await call("report_task_progress", **report, message="Mine?"))["success"]

        async def blocked(agent: str, task_id: str) -> bool:
            report = {"agent_id": agent, "task_id": task_id, "severity": "low"}
            return (await call("report_blocker", **report, blocker_description=f"Is it {agent}'s?"))["success"]

        for agent in (HOLDER, RIVAL):
            about = {"name": agent.title(), "role": "Developer", "skills": ["python"]}
            await call("register_agent", agent_id=agent, project_id=PROJECT, **about)
        while not (given := await call("request_next_task", agent_id=HOLDER)).get("task"):
            await asyncio.sleep(1)
        task_id = given["task"]["id"]
        denied = await call("request_next_task", agent_id=HOLDER)
        accepted = [await at(RIVAL, task_id, 30), await blocked(STRANGER, task_id), await at(STRANGER, task_id, 60)]
        accepted.append(await at(HOLDER, task_id, 70))
        acknowledged = [await at(RIVAL, NO_TASK, 50), await blocked(RIVAL, NO_TASK), await at(RIVAL, NO_TASK, 100)]
        with closing(sqlite3.connect(BOARD, LOCKED_WITHIN_S, isolation_level=None)) as board:
            board.execute("BEGIN IMMEDIATE")
            before = card(task_id)
            reports = at(STRANGER, task_id, 80), blocked(RIVAL, task_id), at(RIVAL, task_id, 100)
            locked = await asyncio.gather(*reports)
            after = card(task_id)
        print(
            json.dumps(
                {
                    "task": task_id,
                    "denied": denied["error"],
                    "accepted": accepted,
                    "acknowledged": acknowledged,
                    "locked": locked,
                    "before": before,
                    "after": after,
                }
            )
        )


asyncio.run(main())
