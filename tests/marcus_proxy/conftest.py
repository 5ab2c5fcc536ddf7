"""A running application, a scripted Marcus, and the proxy between them and their agents."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

from tests.mcp.agent import TIMEOUT_S, Agent, texts_of
from tests.running_server import ENDS_WITHIN, SOURCES, Running, free_port
from tests.waiting import wait_until

SCRIPTED = str(Path(__file__).parent / "scripted_marcus.py")
AGENT = "agent_1"


class ProxiedMarcus:
    """A scripted Marcus, and a proxy in front of it with the data of a running application."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.marcus_port, self.proxy_port = free_port(), free_port()
        self.board, self.is_board_named = f"board of {self.marcus_port}", True
        self.marcus: subprocess.Popen[bytes] | None = None
        self.proxy: subprocess.Popen[bytes] | None = None

    @property
    def marcus_url(self) -> str:
        return f"http://127.0.0.1:{self.marcus_port}/mcp"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.proxy_port}/mcp"

    def start_marcus(self) -> None:
        with self.running.output.open("ab") as output:
            command = [sys.executable, SCRIPTED, str(self.marcus_port)]
            self.marcus = subprocess.Popen(command, cwd=SOURCES, stdout=output, stderr=output)
        wait_until(lambda: answers(self.marcus_url), timeout=TIMEOUT_S)

    def start_proxy(self) -> None:
        options = ["--port", str(self.proxy_port), *(["--board", self.board] if self.is_board_named else [])]
        self.proxy = self.running.start_command("marcus_proxy", self.marcus_url, *options)
        wait_until(lambda: answers(self.url), timeout=TIMEOUT_S)

    @property
    def folder(self) -> Path:
        """The folder of the proxy's own files."""
        name = hashlib.sha256(self.marcus_url.encode()).hexdigest()[:16]
        return Path(self.running.data_dir.name) / "marcus-proxy" / name

    def end_marcus(self) -> None:
        end(self.marcus, signal.SIGTERM)

    def end_proxy(self, signal_number: int = signal.SIGTERM) -> None:
        end(self.proxy, signal_number)

    def end(self) -> None:
        self.end_proxy()
        self.end_marcus()


def end(process: subprocess.Popen[bytes] | None, signal_number: int) -> None:
    if process is not None and process.poll() is None:
        process.send_signal(signal_number)
        process.wait(ENDS_WITHIN)


def answers(url: str) -> bool:
    """Return whether anything answers at this URL. A proxy answers for Marcus too, with 502 if it is away."""
    try:
        httpx.get(url, timeout=5)
    except httpx.TransportError:
        return False
    return True


@asynccontextmanager
async def connected(url: str, mode: Any = "auto") -> AsyncIterator[MarcusAgent]:
    async with (
        httpx2.AsyncClient(timeout=TIMEOUT_S) as http,
        Client(streamable_http_client(url, http_client=http), mode=mode) as client,
    ):
        yield MarcusAgent(client)


class MarcusAgent(Agent):
    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Return the object that Marcus's tool has returned, from either of its places."""
        result = await self.client.call_tool(tool, arguments)
        assert not result.is_error, texts_of(result)
        found: dict[str, Any] = result.structured_content
        own: dict[str, Any] = found.get("result", found)
        return own

    async def note(self, tool: str, **arguments: Any) -> str:
        """Return the texts that the result of a tool has beside Marcus's own."""
        result = await self.client.call_tool(tool, arguments)
        result.content.pop(0)
        return texts_of(result)

    async def register(self, agent_id: str = AGENT, **about: Any) -> None:
        await self.call("register_agent", agent_id=agent_id, name="Agent", role="Developer", **about)

    async def blocked_task(self, question: str, agent_id: str = AGENT) -> str:
        """Take a task and report a blocker on it. Return its id."""
        task_id = (await self.call("request_next_task", agent_id=agent_id))["task"]["id"]
        about = {"agent_id": agent_id, "task_id": task_id, "blocker_description": question}
        assert "person_asked" in await self.call("report_blocker", **about)
        return str(task_id)

    async def marcus_calls(self, tool: str) -> list[dict[str, Any]]:
        return [call for call in (await self.call("calls"))["calls"] if call["tool"] == tool]


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with Running() as application:
        yield application


@pytest.fixture
def proxied(running: Running, request: pytest.FixtureRequest) -> Iterator[ProxiedMarcus]:
    """With the parameter False, the proxy expects a follower, and is not told the board."""
    proxied = ProxiedMarcus(running)
    proxied.is_board_named = getattr(request, "param", True)
    try:
        proxied.start_marcus()
        proxied.start_proxy()
        yield proxied
    finally:
        proxied.end()
