"""An agent in its own process: reports a blocker, waits for the answer and prints it.

python -m tests.browser.waiting_agent URL TOKEN SPOOL TASK QUESTION
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from marcus_events.client import Client

TIMEOUT_S = 60


async def main(url: str, token: str, spool: str, task: str, question: str) -> None:
    about = {"task_id": task, "agent_id": "agent_claude_1"}
    board = {"board_id": "shop"}
    async with Client(url, token, spool=Path(spool)) as client:
        blocked = await client.publish("task_blocked", "agent_claude_1", about | {"description": question}, board)
        where = {"data.task_id": task}
        answer = await client.wait_for_event("blocker_resolved", TIMEOUT_S, after=blocked, where=where)
        print(answer.data["resolution"] if answer else "no answer")
        await client.publish("task_progress", "agent_claude_1", about | {"progress": 70, "message": "going on"}, board)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
