"""`manage.py marcus_proxy -- COMMAND`: the proxy of a Marcus that an agent's client starts over standard input."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters

from tests.marcus_proxy.conftest import AGENT, SCRIPTED, MarcusAgent
from tests.mcp.board import open_blockers, resolve
from tests.running_server import SOURCES, Running
from tests.waiting import wait_until_async
from tests.websocket_line import in_thread

BOARD = "board over stdio"
DOCUMENT = (SOURCES / "docs" / "agents.md").read_text()


@asynccontextmanager
async def started(running: Running, *, is_proxied: bool) -> AsyncIterator[MarcusAgent]:
    marcus = [sys.executable, SCRIPTED]
    command = [sys.executable, "manage.py", "marcus_proxy", "--board", BOARD, "--", *marcus] if is_proxied else marcus
    server = StdioServerParameters(command=command[0], args=command[1:], env=running.environment, cwd=SOURCES)
    async with Client(server) as client:
        yield MarcusAgent(client)


async def test_an_agent_reaches_its_marcus_and_waits_for_its_answer(running: Running) -> None:
    async with started(running, is_proxied=False) as agent:
        direct = [(await agent.client.list_tools()).tools, await agent.client.call_tool("ping", {"echo": "Zwölf 🥊"})]
    async with started(running, is_proxied=True) as agent:
        *tools, own = (await agent.client.list_tools()).tools
        assert [tools, await agent.client.call_tool("ping", {"echo": "Zwölf 🥊"})] == direct
        assert own.name == "wait_for_answer"
        await agent.register()
        task_id = await agent.blocked_task("Which colour?")
        await wait_until_async(lambda: open_blockers(running, BOARD))
        await in_thread(resolve, running, BOARD, task_id, "Blue")
        found = await agent.call("wait_for_answer", agent_id=AGENT, task_id=task_id)
        assert found["status"] == "resolved"


async def test_the_configuration_in_the_documentation_connects(running: Running) -> None:
    [text] = re.findall(r"^```json\n([^`]*marcus_proxy[^`]*)^```$", DOCUMENT, re.MULTILINE)
    server = json.loads(text)["mcpServers"]["marcus"]
    options, marcus = server["args"][:2], server["args"][2:]
    assert (options, marcus[-1]) == (["marcus_proxy", "--"], "src.marcus_mcp.server")
    command = [sys.executable, str(SOURCES / "manage.py"), *options, sys.executable, SCRIPTED]
    parameters = StdioServerParameters(command=command[0], args=command[1:], env=running.environment, cwd="/")
    async with Client(parameters) as client:
        assert (await client.list_tools()).tools[-1].name == "wait_for_answer"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["ftp://127.0.0.1/mcp"], "is not a URL such as http://127.0.0.1:4298/mcp"),
        (["http://[::1/mcp"], "is not a URL"),
        (["--", "/nosuch/marcus"], "No such file or directory: '/nosuch/marcus'"),
        (["--port", "1", "--host", "203.0.113.1", "http://127.0.0.1:4298/mcp"], "annot assign requested address"),
    ],
)
def test_what_prevents_the_start_is_said(running: Running, arguments: list[str], reason: str) -> None:
    done = running.run("marcus_proxy", *arguments)
    assert done.returncode != 0
    assert reason in done.stderr
    assert "Traceback" not in done.stderr
