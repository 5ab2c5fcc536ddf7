"""An agent in its own process: reports a blocker, waits for the answer and prints it.

python -m tests.browser.waiting_agent URL TOKEN SPOOL TASK QUESTION [OPTION…]

It recommends the last of the options.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from marcus_events.client import Client

TIMEOUT_S = 60


async def main(url: str, token: str, spool: str, task: str, question: str, *options: str) -> None:
    about = {"task_id": task, "agent_id": "agent_claude_1"}
    board = {"board_id": "shop"}
    async with Client(url, token, spool=Path(spool)) as client:
        answer = await client.ask(
            question,
            task=task,
            agent="agent_claude_1",
            board="shop",
            options=options,
            recommendation=options[-1] if options else None,
            timeout=TIMEOUT_S,
        )
        print(answer if answer is not None else "no answer")
        await client.publish("task_progress", "agent_claude_1", about | {"progress": 70, "message": "going on"}, board)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
