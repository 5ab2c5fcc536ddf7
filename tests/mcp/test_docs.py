"""docs/agents.md is true: its configurations connect, its commands run, and its agent receives an answer."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, LATEST_PROTOCOL_VERSION

from marcus_events.mcp.tool_shapes import MAX_WAIT_S
from marcus_events.mcp.tools import TOOLS
from tests.api.test_docs import request
from tests.mcp.agent import TIMEOUT_S
from tests.mcp.board import open_blockers, reply
from tests.running_server import SOURCES, Running
from tests.waiting import wait_until

DOCUMENT = (SOURCES / "docs" / "agents.md").read_text()
SITE = "http://127.0.0.1:8000"
BLOCK = re.compile(r"^ *```(\w+)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
BLOCKS = BLOCK.findall(DOCUMENT)
CONFIGURATIONS = [json.loads(text) for language, text in BLOCKS if language == "json" and 'marcus-events": {' in text]
PYTHON = Path(sys.executable)


def blocks(language: str) -> list[str]:
    return [text for name, text in BLOCKS if name == language]


def server_of(configuration: dict[str, Any]) -> dict[str, Any]:
    [servers] = configuration.values()
    found: dict[str, Any] = servers["marcus-events"]
    return found


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
async def test_each_configuration_connects(running: Running, token: str, configuration: dict[str, Any]) -> None:
    text = re.sub(r"(?<![A-Z_])TOKEN\b", token, json.dumps(server_of(configuration)))
    server = json.loads(text.replace(SITE, running.base_url).replace("/path/to/marcus-events", str(SOURCES)))
    if "command" in server:
        environment = running.environment | server["env"] | {"PATH": f"{PYTHON.parent}:{os.environ['PATH']}"}
        transport: Any = StdioServerParameters(command=server["command"], args=server["args"], env=environment)
        await check_tools(transport)
    else:
        async with httpx2.AsyncClient(headers=server["headers"], timeout=TIMEOUT_S) as http:
            await check_tools(streamable_http_client(server["url"], http_client=http))


async def check_tools(transport: Any) -> None:
    async with Client(transport) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == list(TOOLS)


def test_the_other_configurations_name_the_same_server(running: Running) -> None:
    [codex] = blocks("toml")
    assert tomllib.loads(codex)["mcp_servers"]["marcus-events"]["url"] == f"{SITE}/mcp"
    assert f'{SITE}/mcp --header "Authorization: Bearer TOKEN"' in "\n".join(blocks("text"))


def test_the_commands_run(running: Running, token: str) -> None:
    create, ask = blocks("sh")
    assert running.manage(*create.split()[1:]).startswith("mev_")
    answer = request(ask, {"SITE": running.base_url, "TOKEN": token}).raise_for_status().json()
    assert [tool["name"] for tool in answer["result"]["tools"]] == list(TOOLS)


def test_the_agent_of_ones_own_receives_the_answer(running: Running) -> None:
    program, _ = blocks("python")
    environment = os.environ | {"SITE": running.base_url, "TOKEN": running.create_token("my own")}
    with subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, text=True) as agent:
        blocker, *_ = wait_until(lambda: open_blockers(running, "first"))
        reply(running, blocker["blocker_id"], "Blue")
        output, _ = agent.communicate(timeout=TIMEOUT_S)
    assert (agent.returncode, output.strip()) == (0, "The answer is: Blue")


def test_the_tools_and_limits_are_those_of_the_code() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (publish|read) \|", DOCUMENT, re.MULTILINE)
    assert rows == [(tool.name, tool.scope) for tool in TOOLS.values()]
    assert f"at most {MAX_WAIT_S} seconds" in DOCUMENT
    assert f"up to version {LATEST_PROTOCOL_VERSION}" in DOCUMENT.replace("\n", " ")
    assert "2025-03-26" in HANDSHAKE_PROTOCOL_VERSIONS
