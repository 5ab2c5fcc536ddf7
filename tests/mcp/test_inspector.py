"""The MCP Inspector's command line: MARCUS_TEST_INSPECTOR names its program `mcp-inspector`, installed by npm."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from typing import Any

import pytest

from tests.mcp.board import publish_task
from tests.mcp.test_tools import NAMES
from tests.running_server import Running

INSPECTOR = os.environ.get("MARCUS_TEST_INSPECTOR", "")
TIMEOUT_S = 300  # only a failing test waits that long


def inspect(running: Running, token: str, method: str, *arguments: str) -> Any:
    """Run one method and return its result."""
    command = [INSPECTOR, "--cli", f"{running.base_url}/mcp", "--transport", "http", "--method", method]
    command += ["--header", f"Authorization: Bearer {token}", *arguments]
    with tempfile.TemporaryDirectory() as home:  # where it keeps what it has connected to
        environment = os.environ | {"HOME": home}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=TIMEOUT_S)
    result = json.loads(done.stdout or "{}")
    assert (done.returncode != 0) == bool(result.get("isError", not done.stdout)), done.stderr
    return result


@pytest.mark.skipif(not INSPECTOR, reason="MARCUS_TEST_INSPECTOR names no mcp-inspector")
def test_the_inspector_lists_and_calls_every_tool(running: Running, board: str, token: str) -> None:
    def call(tool: str, **stated: str) -> Any:
        arguments = [part for name, value in stated.items() for part in ("--tool-arg", f"{name}={value}")]
        result = inspect(running, token, "tools/call", "--tool-name", tool, *arguments)
        called.append(tool)
        assert not result.get("isError"), result
        return result["structuredContent"]

    called: list[str] = []
    publish_task(running, board)
    assert [tool["name"] for tool in inspect(running, token, "tools/list", "--strict")["tools"]] == NAMES
    ticket = call("report_blocker", task="cart", question="Which key?")["ticket"]
    assert call("wait_for_answer", ticket=ticket, timeout="0")["status"] == "waiting"
    assert [blocker["ticket"] for blocker in call("list_blockers")["blockers"]] == [ticket]
    call("report_progress", task="cart", progress="40")
    call("publish_event", event_type="decision_logged", data='{"what": "REST"}')
    assert call("get_task", task="cart")["task"]["task_id"] == "cart"
    call("search_history", query="type:decision_logged")
    assert sorted(called) == sorted(NAMES)
    refused = inspect(running, token, "tools/call", "--tool-name", "get_task", "--tool-arg", "task=unknown")
    assert refused["isError"]
