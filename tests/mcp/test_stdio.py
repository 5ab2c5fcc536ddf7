"""`manage.py mcp --stdio`: the same tools over standard input and output, without a running dashboard."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters

from tests.mcp.agent import MODES, Agent
from tests.mcp.board import open_blockers, publish_task, resolve
from tests.mcp.test_tools import NAMES
from tests.running_server import SOURCES, Running
from tests.waiting import wait_until_async
from tests.websocket_line import in_thread


@asynccontextmanager
async def started(running: Running, token: str, mode: Any = "auto") -> AsyncIterator[Agent]:
    """The agent of a client that starts the command itself."""
    environment = running.environment | {"MARCUS_EVENTS_TOKEN": token}
    server = StdioServerParameters(
        command=sys.executable, args=["manage.py", "mcp", "--stdio"], env=environment, cwd=SOURCES
    )
    async with Client(server, mode=mode) as client:
        yield Agent(client)


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "auto"])
async def test_a_client_lists_the_tools_and_receives_an_answer(
    running: Running, board: str, token: str, mode: str
) -> None:
    publish_task(running, board)
    async with started(running, token, mode) as agent:
        assert [tool.name for tool in (await agent.client.list_tools()).tools] == NAMES
        ticket = (await agent.call("report_blocker", task="cart", question="Which key?"))["ticket"]
        await wait_until_async(lambda: open_blockers(running, board))
        await in_thread(resolve, running, board, "cart", "The blue one")
        while (found := await agent.call("wait_for_answer", ticket=ticket))["status"] == "waiting":
            pass
        assert found["answer"] == "The blue one"


async def test_it_works_while_the_dashboard_does_not_run(running: Running, board: str, token: str) -> None:
    publish_task(running, board)
    running.end()
    try:
        async with started(running, token) as agent:
            await agent.call("report_blocker", task="cart", question="Which key?")
            [event] = (await agent.call("search_history", query="type:task_blocked"))["events"]
            assert event["data"]["description"] == "Which key?"
    finally:
        await in_thread(running.start)


@pytest.mark.parametrize(
    ("token", "arguments", "reason"),
    [
        ("", ["--stdio"], "Set MARCUS_EVENTS_TOKEN"),
        ("mev_wrong", ["--stdio"], "Unknown token"),
        ("", [], "State --stdio"),
    ],
)
def test_what_prevents_the_start_is_said(running: Running, token: str, arguments: list[str], reason: str) -> None:
    running.environment["MARCUS_EVENTS_TOKEN"] = token
    done = running.run("mcp", *arguments)
    assert done.returncode != 0
    assert reason in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
