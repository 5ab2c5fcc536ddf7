"""proxied_agents URL NAME COUNT HOW: scripted agents that ask once about every task, through the proxy of a Marcus.

HOW is `wait`, for agents that wait for the answer, or `move`, for agents that ask for other work. Each prints a line of
JSON for each answer that it receives. They go on after any failure of a connection, and end when there is no more work.
Like agents with a memory of their own, they go on with the task that they have: a Marcus that was killed has forgotten
it.
"""

# mypy: ignore-errors
from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client

URL, NAME, COUNT, HOW = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
IDLE_ROUNDS = 60  # an agent without work gives up after so many seconds
CALL_WITHIN_S = 60


class Agent:
    def __init__(self, name: str) -> None:
        self.name, self.idle = name, 0
        self.memory = Path(f"{name}.task")
        self.reported: dict[str, float] = {}  # when this process has first asked a question

    async def run(self) -> None:
        while self.idle < IDLE_ROUNDS:
            try:
                async with streamablehttp_client(URL) as (read, write, _), ClientSession(read, write) as session:
                    await asyncio.wait_for(session.initialize(), CALL_WITHIN_S)
                    self.session = session
                    await self.work()
            except Exception as error:
                print(self.name, "begins again:", repr(error)[:200], file=sys.stderr, flush=True)
                await asyncio.sleep(1)

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        called = self.session.call_tool(tool, {"agent_id": self.name} | arguments)
        result = await asyncio.wait_for(called, CALL_WITHIN_S)
        if result.isError:
            raise RuntimeError(result.content[0].text)
        return json.loads(result.content[0].text)

    async def work(self) -> None:
        await self.call("register_agent", name=self.name, role="Developer", skills=["python"])
        if self.memory.exists():
            await self.go_on(json.loads(self.memory.read_text()))
        while self.idle < IDLE_ROUNDS:
            found = await self.call("request_next_task")
            if answer := found.get("answered_question"):
                self.remember(found["task"])
                self.received(found["task"]["id"], answer)
                await self.finish(found["task"]["id"])
            elif task := found.get("task"):
                self.idle = 0
                self.remember(task)
                await self.ask(task)
            elif current := found.get("current_task"):
                await self.go_on(current)
            else:
                self.idle += 1
                await asyncio.sleep(1)

    async def ask(self, task: dict[str, Any]) -> None:
        about = {"task_id": task["id"]}
        await self.call("report_task_progress", **about, status="in_progress", progress=25, message="Working")
        question = f"Which way for {task['name']}?"
        self.reported.setdefault(question, time.time())
        await self.call("report_blocker", **about, blocker_description=question, severity="high")
        if HOW == "wait":
            await self.wait(task["id"])
        else:
            self.memory.unlink(missing_ok=True)

    def remember(self, task: dict[str, Any]) -> None:
        self.memory.write_text(json.dumps({"id": task["id"], "name": task.get("name", task["id"])}))

    async def go_on(self, task: dict[str, Any]) -> None:
        """Go on with the task that this agent has: it was asked about, or the agent was interrupted before."""
        task_id = task["id"]
        state = await self.call("wait_for_answer", task_id=task_id, timeout=0)
        if state["status"] == "unknown":
            await self.ask(task)
        elif HOW == "wait":
            await self.wait(task_id)
        elif state["status"] in ("answered", "resolved"):
            if state["status"] == "answered":
                self.received(task_id, state)
            await self.finish(task_id)
        else:
            await asyncio.sleep(0.5)

    async def wait(self, task_id: str) -> None:
        while (state := await self.call("wait_for_answer", task_id=task_id))["status"] == "waiting":
            pass
        if state["status"] == "answered":
            self.received(task_id, state)
        await self.finish(task_id)

    async def finish(self, task_id: str) -> None:
        await self.call("report_task_progress", task_id=task_id, status="in_progress", progress=75, message="Working")
        await self.call("report_task_progress", task_id=task_id, status="completed", progress=100, message="Done")
        self.memory.unlink(missing_ok=True)

    def received(self, task_id: str, answer: dict[str, Any]) -> None:
        self.idle = 0
        about = {"agent": self.name, "task": task_id, "question": answer["question"], "answer": answer["answer"]}
        about |= {"reported_at": self.reported.get(answer["question"])}  # not known of another agent's question
        print(json.dumps(about | {"answered_at": answer["answered_at"], "received_at": time.time()}), flush=True)


async def main() -> None:
    await asyncio.gather(*(Agent(f"{NAME}_{number + 1}").run() for number in range(COUNT)))


asyncio.run(main())
