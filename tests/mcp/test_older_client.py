"""The official client of the SDK 1.x, in its own environment: MARCUS_TEST_MCP_1 names a Python that has mcp<2."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.mcp.board import publish_task
from tests.mcp.test_tools import NAMES
from tests.running_server import Running

PYTHON = os.environ.get("MARCUS_TEST_MCP_1", "")
CLIENT = Path(__file__).with_name("older_client.py")
TIMEOUT_S = 300  # only a failing test waits that long


@pytest.mark.skipif(not PYTHON, reason="MARCUS_TEST_MCP_1 names no Python with mcp 1.x")
def test_a_client_of_the_sdk_1_lists_and_calls_every_tool(running: Running, board: str, token: str) -> None:
    publish_task(running, board)
    command = [PYTHON, str(CLIENT), f"{running.base_url}/mcp", token, "cart"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT_S)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["tools"] == NAMES
    assert set(found["results"]) == set(NAMES)
    assert found["version"] == "2025-11-25"
