"""What an agent sees through the proxy is what Marcus answers, with one more tool."""

from __future__ import annotations

import json
import signal
import socket
from typing import Any

import httpx
import psycopg
import pytest
from mcp.shared.exceptions import MCPError
from psycopg.rows import dict_row

from tests.marcus_proxy.conftest import AGENT, ProxiedMarcus, connected
from tests.mcp.agent import HANDSHAKE, MODES, NEWEST
from tests.mcp.board import open_blockers
from tests.waiting import wait_until_async
from tests.websocket_line import in_thread

WRONG: list[tuple[str, dict[str, Any]]] = [
    ("no_such_tool", {}),
    ("report_blocker", {"agent_id": AGENT}),
    ("report_blocker", {"agent_id": AGENT, "task_id": "nosuch", "blocker_description": "Which?"}),
    ("report_task_progress", {"agent_id": 7, "task_id": [], "status": {}}),
    ("request_next_task", {}),
]


@pytest.mark.parametrize("mode", MODES)
async def test_tools_prompts_resources_and_results_are_those_of_marcus(proxied: ProxiedMarcus, mode: str) -> None:
    seen = []
    for url in (proxied.marcus_url, proxied.url):
        async with connected(url, mode) as agent:
            client = agent.client
            tools = (await client.list_tools()).tools
            seen.append(
                [
                    [tool.model_dump() for tool in tools if tool.name != "wait_for_answer"],
                    (await client.list_prompts()).model_dump(),
                    (await client.get_prompt("introduce", {"name": "Ada"})).model_dump(),
                    (await client.list_resources()).model_dump(),
                    (await client.read_resource("marcus://tasks")).model_dump(),
                    (await client.call_tool("ping", {"echo": "Zwölf “Boxkämpfer” 🥊"})).model_dump(),
                    client.server_info,
                    client.instructions,
                ]
            )
            assert (tools[-1].name == "wait_for_answer") == (url == proxied.url)
    assert seen[0] == seen[1]


async def test_errors_are_those_of_marcus(proxied: ProxiedMarcus) -> None:
    seen: list[list[Any]] = []
    for url in (proxied.marcus_url, proxied.url):
        seen.append([])
        async with connected(url) as agent:
            for tool, arguments in WRONG:
                try:
                    seen[-1].append((await agent.client.call_tool(tool, arguments)).model_dump())
                except MCPError as error:
                    seen[-1].append(error.error)
    assert seen[0] == seen[1]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b'{"method": 7}', b'[{"jsonrpc": "2.0"}]', b"\xff\xfe"])
def test_messages_that_are_none_get_marcus_s_own_answer(proxied: ProxiedMarcus, body: bytes) -> None:
    headers = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
    direct, through = (httpx.post(url, content=body, headers=headers) for url in (proxied.marcus_url, proxied.url))
    assert (direct.status_code, direct.content) == (through.status_code, through.content)


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Host": "marcus.example"}, "This host name is not allowed"),
        ({"Origin": "https://page.example"}, "Requests from pages of other sites"),
        ({"Origin": "null"}, "Requests from pages of other sites"),
    ],
)
def test_pages_of_other_sites_cannot_reach_marcus(proxied: ProxiedMarcus, headers: dict[str, str], reason: str) -> None:
    response = httpx.post(proxied.url, json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, headers=headers)
    assert response.status_code == httpx.codes.FORBIDDEN
    assert reason in response.json()["error"]["message"]


@pytest.mark.parametrize("target", ["@marcus.example/", "marcus.example/mcp", "http://marcus.example/mcp", "*"])
def test_no_request_leads_to_another_server(proxied: ProxiedMarcus, target: str) -> None:
    with socket.create_connection(("127.0.0.1", proxied.proxy_port), timeout=60) as agent:
        agent.sendall(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        status = agent.makefile("rb").readline().split()[1]
    assert status == b"400"


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "x" * 300_000])
async def test_a_report_that_cannot_be_stored_is_passed_on_and_stops_nothing(proxied: ProxiedMarcus, text: str) -> None:
    async with connected(proxied.url, HANDSHAKE) as agent:
        await agent.register()
        task_id = (await agent.call("request_next_task", agent_id=AGENT))["task"]["id"]
        question = {"blocker_description": "Which?"}
        for arguments in ({"agent_id": text, "task_id": task_id}, {"agent_id": AGENT, "task_id": text}):
            for url in (proxied.marcus_url, proxied.url):
                assert call_tool(url, "report_blocker", arguments | question) < httpx.codes.INTERNAL_SERVER_ERROR
        waited = {"agent_id": text, "task_id": text, "timeout": 0}
        assert call_tool(proxied.url, "wait_for_answer", waited) == httpx.codes.OK
        about = {"agent_id": AGENT, "task_id": task_id}
        if text.isprintable():
            assert "No person could be asked" in await agent.note("report_blocker", **about, blocker_description=text)
        await agent.call("report_blocker", **about, blocker_description="Which colour?")
    await wait_until_async(lambda: open_blockers(proxied.running, proxied.board))


def call_tool(url: str, tool: str, arguments: dict[str, Any]) -> int:
    """Call a tool without a session. Return the status of the response."""
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
    headers = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
    return httpx.post(url, content=json.dumps(message), headers=headers, timeout=60).status_code


async def test_a_call_of_an_agent_that_hangs_up_is_published_all_the_same(proxied: ProxiedMarcus) -> None:
    async with connected(proxied.url, HANDSHAKE) as agent:
        await agent.register()
        task_id = (await agent.call("request_next_task", agent_id=AGENT))["task"]["id"]
    with socket.create_connection(("127.0.0.1", proxied.proxy_port)) as hung_up:
        hung_up.sendall(report_of(task_id))
    await wait_until_async(lambda: open_blockers(proxied.running, proxied.board))


def report_of(task_id: str) -> bytes:
    """Return the request of an agent that speaks the newest protocol, which has no sessions."""
    arguments = {"agent_id": AGENT, "task_id": task_id, "blocker_description": "Which colour?"}
    meta = {
        "io.modelcontextprotocol/protocolVersion": NEWEST,
        "io.modelcontextprotocol/clientInfo": {"name": "agent", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    params = {"name": "report_blocker", "arguments": arguments, "_meta": meta}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).encode()
    head = [
        "POST /mcp HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        "Accept: application/json, text/event-stream",
        f"Content-Length: {len(body)}",
        f"MCP-Protocol-Version: {NEWEST}",
        "Mcp-Method: tools/call",
        "Mcp-Name: report_blocker",
    ]
    return "\r\n".join([*head, "", ""]).encode() + body


def test_a_request_that_is_too_large_is_refused(proxied: ProxiedMarcus) -> None:
    response = httpx.post(proxied.url, content=b"x" * (16 * 1024**2 + 1), timeout=60)
    assert response.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE


async def test_while_marcus_is_away_the_agent_is_told_so_and_later_its_calls_arrive(proxied: ProxiedMarcus) -> None:
    proxied.end_marcus()
    message = {"jsonrpc": "2.0", "id": 5, "method": "tools/list"}
    response = httpx.post(proxied.url, json=message, timeout=60)
    assert response.status_code == httpx.codes.BAD_GATEWAY
    assert response.json()["id"] == 5
    assert f"Marcus does not answer at {proxied.marcus_url}" in response.json()["error"]["message"]
    await wait_until_async(lambda: "does not answer" in stated(proxied)["problem"])
    await in_thread(proxied.start_marcus)
    async with connected(proxied.url, HANDSHAKE) as agent:
        assert (await agent.call("ping"))["success"]
        await wait_until_async(lambda: not stated(proxied)["problem"])
    assert stated(proxied)["address"] == proxied.url
    proxied.end_proxy()
    assert stated(proxied)["ended_at"] is not None


def stated(proxied: ProxiedMarcus) -> dict[str, Any]:
    """Return what the proxy says of itself on Integrations."""
    with psycopg.connect(proxied.running.conninfo, row_factory=dict_row) as database:
        found = database.execute("SELECT * FROM marcus_proxy WHERE marcus = %s", [proxied.marcus_url]).fetchone()
        return found or {"problem": ""}


async def test_while_the_dashboard_and_its_database_are_away_agents_work_and_are_seen_later(
    proxied: ProxiedMarcus,
) -> None:
    running = proxied.running
    await in_thread(running.end)
    try:
        async with connected(proxied.url) as agent:
            await agent.register()
            task_id = await agent.blocked_task("Which colour?")
            waited = await agent.call("wait_for_answer", agent_id=AGENT, task_id=task_id, timeout=1)
            assert waited["status"] == "waiting"
            assert (await agent.call("request_next_task", agent_id=AGENT))["task"]["id"] != task_id
        proxied.end_proxy(signal.SIGKILL)
        await in_thread(proxied.start_proxy)
        async with connected(proxied.url) as agent:
            assert (await agent.call("ping"))["success"]
    finally:
        await in_thread(running.start)
    [blocker] = await wait_until_async(lambda: open_blockers(running, proxied.board))
    assert (blocker["task_id"], blocker["description"]) == (task_id, "Which colour?")
