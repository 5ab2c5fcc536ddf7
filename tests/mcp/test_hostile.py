"""Hostile requests: an error text or an error of the protocol, never a 5xx, and nothing stored that cannot be read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from marcus_events.http.json_body import MAX_BODY
from marcus_events.mcp.tool_server import UNEXPECTED
from marcus_events.mcp.tools import TOOLS
from tests.api.nasty import KEYS, NUMBERS, OTHERS, TEXTS, deep
from tests.mcp.board import publish_task
from tests.running_server import Running

INTERNAL_ERROR = -32603
VALID: dict[str, Any] = {"task": "cart", "question": "Which key?", "ticket": "x", "event_type": "note", "progress": 1}
BEYOND = (2**53, -(2**63), 10**30, 1e308, -1, 0.5)
VALUES: tuple[Any, ...] = (
    *TEXTS.values(),
    *NUMBERS,
    *OTHERS,
    *BEYOND,
    "\0",
    "a\0b",
    "%s",
    "user:admin",
    deep("x", 40),
    dict.fromkeys(KEYS, 1),
    {"key": "\0"},
    {"k" * 300: 1},
    {str(number): 1 for number in range(1_100)},
    ["x"] * 1_000,
    "x" * 500_000,
)


@pytest.fixture(scope="module")
def agent(running: Running) -> Iterator[httpx.Client]:
    publish_task(running, "shop")
    headers = {
        "Authorization": f"Bearer {running.create_token('hostile', boards=['shop'])}",
        "Accept": "application/json, text/event-stream",
        "Content-Type": "application/json",
    }
    with httpx.Client(base_url=running.base_url, headers=headers, timeout=120) as client:
        yield client


def call(agent: httpx.Client, tool: Any, arguments: Any) -> Any:
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}
    return sent(agent, json.dumps(message).encode())


def sent(agent: httpx.Client, body: bytes, **headers: str) -> Any:
    """Post a body; the answer must blame the sender or be a result."""
    response = agent.post("/mcp", content=body, headers=headers)
    assert response.status_code < 500, response.text
    answer = response.json() if response.content else {}
    assert answer.get("error", {}).get("code") != INTERNAL_ERROR, answer
    assert UNEXPECTED not in response.text
    return answer


@pytest.mark.parametrize("tool", TOOLS)
def test_no_argument_breaks_a_tool(running: Running, agent: httpx.Client, tool: str) -> None:
    schema = TOOLS[tool].input_schema
    fitting = {name: value for name, value in VALID.items() if name in schema["properties"]} | {"timeout": 0}
    fitting = {name: value for name, value in fitting.items() if name in schema["properties"]}
    for name in (*schema["properties"], "unknown", ""):
        for value in VALUES:
            if name == "timeout" and value in NUMBERS:
                continue  # a valid one, which would wait
            call(agent, tool, fitting | {name: value})
    for arguments in (*VALUES, None):
        call(agent, tool, arguments)
    assert_everything_can_be_read(running, agent)


def assert_everything_can_be_read(running: Running, agent: httpx.Client) -> None:
    before: int | None = None
    while True:
        page = {"limit": "200"} | ({"before": str(before)} if before else {})
        answer = agent.get("/api/events", params=page).raise_for_status().json()
        if (before := answer["next"]) is None:
            break
    agent.get("/api/blockers", params={"state": "all"}).raise_for_status()
    agent.get("/api/tasks").raise_for_status()
    with httpx.Client(base_url=running.base_url, follow_redirects=True, timeout=120) as person:
        running.sign_in_client(person)
        for page_path in ("/", "/blocked/", "/activity/", "/history/", "/agents/"):
            assert person.get(page_path).status_code == httpx.codes.OK


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b"{" * 10_000,
        b"[" * 100_000,
        b'{"jsonrpc": "2.0", "id": NaN, "method": "ping"}',
        b'{"jsonrpc": "2.0", "id": "\\ud800", "method": "ping"}',
        b'{"jsonrpc": "2.0", "id": "\\u0000", "method": "ping"}',
        b'{"jsonrpc": "2.0", "id": 1e400, "method": "ping"}',
        b'{"jsonrpc": "2.0", "id": ' + b"9" * 100_000 + b', "method": "ping"}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call"}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": {}}}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "nothing"}}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "\\ud800"}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "resources/list"}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen", "params": {}}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": "\\u0000"}}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "server/discover", "params": {"_meta": 7}}',
        b'{"jsonrpc": "2.0", "id": 1, "result": {}}',
        b'{"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": {}}}',
    ],
)
@pytest.mark.parametrize("version", ["", "2025-06-18", "2026-07-28", "1999-01-01", "x y"])
def test_no_body_breaks_the_endpoint(agent: httpx.Client, body: bytes, version: str) -> None:
    sent(agent, body, **({"MCP-Protocol-Version": version} if version else {}))


def test_a_body_that_is_too_large_is_refused(agent: httpx.Client) -> None:
    response = agent.post("/mcp", content=b'{"a": "' + b"x" * MAX_BODY + b'"}')
    assert response.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE
