"""What a token may not do, a tool does not do for it: boards, sources, permissions, rates and reserved names."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from mcp.shared.exceptions import MCPError

from tests.mcp.agent import connected, texts_of
from tests.mcp.board import open_blockers, publish_task, read
from tests.running_server import Running
from tests.waiting import wait_until_async

REPORT = {"task": "cart", "question": "Which key?"}


@pytest.fixture
def outsider(running: Running, board: str) -> str:
    """The token of an agent on another board, which has a task of the same id."""
    publish_task(running, board, "cart")
    publish_task(running, f"other-{board}", "cart")
    return running.create_token(f"outsider of {board}", boards=[f"other-{board}"])


async def test_an_agent_never_sees_or_touches_another_board(
    running: Running, board: str, token: str, outsider: str
) -> None:
    async with connected(running, token) as insider, connected(running, outsider) as agent:
        ticket = (await insider.call("report_blocker", **REPORT, agent="agent_1"))["ticket"]
        await wait_until_async(lambda: open_blockers(running, board))
        unknown = await agent.refusal("wait_for_answer", {"ticket": "nothing has this ticket"})
        assert await agent.refusal("wait_for_answer", {"ticket": ticket}) == unknown
        for tool, arguments in (
            ("get_task", {"task": "cart", "board": board}),
            ("list_blockers", {"board": board}),
            ("search_history", {"board": board}),
            ("report_blocker", REPORT | {"board": board}),
            ("report_progress", {"task": "cart", "progress": 1, "board": board}),
            ("publish_event", {"event_type": "note", "task": "cart", "board": board}),
            ("publish_event", {"event_type": "note", "board": board}),
        ):
            text = await agent.refusal(tool, arguments)
            assert "access to this board" in text or "may only publish to board" in text, tool
        assert (await agent.call("get_task", task="cart"))["task"]["board_id"] == f"other-{board}"
        assert (await agent.call("list_blockers", state="all"))["blockers"] == []
        events = (await agent.call("search_history", query=f"board:{board}"))["events"]
        assert events == []
        assert "answers_waiting" not in await agent.call("list_blockers", agent="agent_1")
        await agent.call("report_blocker", **REPORT)
        await wait_until_async(lambda: open_blockers(running, f"other-{board}"))
        assert len(open_blockers(running, board)) == 1


async def test_an_agent_of_many_boards_is_asked_which_one_it_means(running: Running, board: str, outsider: str) -> None:
    everywhere = running.create_token(f"everywhere {board}", boards=[board, f"other-{board}"])
    async with connected(running, everywhere) as agent:
        for tool, arguments in (("report_blocker", REPORT), ("get_task", {"task": "cart"})):
            text = await agent.refusal(tool, arguments)
            assert board in text
            assert f"other-{board}" in text
            assert "`board`" in text
        assert (await agent.call("report_blocker", **REPORT, board=board))["board"] == board
        assert (await agent.call("get_task", task="cart", board=f"The {board}"))["task"]["board_id"] == board
        assert "Check its id" in await agent.refusal("report_blocker", REPORT | {"task": "crat"})


@pytest.mark.parametrize(("scope", "denied"), [("read", "report_progress"), ("publish", "get_task")])
async def test_a_tool_needs_the_permission_of_the_token(running: Running, board: str, scope: str, denied: str) -> None:
    publish_task(running, board)
    token = running.create_token(f"{scope} {board}", scopes=[scope], boards=[board])
    async with connected(running, token) as agent:
        arguments = {"task": "cart"} | ({"progress": 1} if scope == "read" else {})
        assert "permission" in await agent.refusal(denied, arguments)


async def test_a_token_that_only_reads_waits_without_a_trace(running: Running, board: str, token: str) -> None:
    publish_task(running, board)
    reader = running.create_token(f"reads {board}", scopes=["read"], boards=[board])
    async with connected(running, token) as agent, connected(running, reader) as other:
        ticket = (await agent.call("report_blocker", **REPORT))["ticket"]
        assert (await other.call("wait_for_answer", ticket=ticket, timeout=0.1))["status"] == "waiting"
        assert read(running, "events", board, type="answer_awaited")["events"] == []


async def test_an_agent_speaks_only_for_the_sources_of_its_token(running: Running, board: str) -> None:
    publish_task(running, board)
    token = running.create_token(f"limited {board}", boards=[board], sources=["agent_*"])
    named = running.create_token(f"named {board}", boards=[board], sources=["agent_9"])
    async with connected(running, token) as agent, connected(running, named) as other:
        assert "agent: " in await agent.refusal("report_blocker", REPORT)
        assert "agent: " in await agent.refusal("report_blocker", REPORT | {"agent": "planner"})
        await agent.call("report_progress", task="cart", progress=1, agent="agent_1")
        await other.call("report_progress", task="cart", progress=2)
        await wait_until_async(lambda: len(read(running, "events", board, type="task_progress")["events"]) == 2)
        found = read(running, "events", board, type="task_progress")["events"]
        assert {event["source"] for event in found} == {"agent_1", "agent_9"}


@pytest.mark.parametrize(
    ("tool", "arguments", "named"),
    [
        ("publish_event", {"event_type": "blocker_answered"}, "event_type: is reserved"),
        ("publish_event", {"event_type": "answer_seen"}, "event_type: is reserved"),
        ("publish_event", {"event_type": "note", "agent": "user:admin"}, "agent: is reserved"),
        ("report_progress", {"task": "cart", "progress": 1, "agent": "system:answers"}, "agent: is reserved"),
    ],
)
async def test_nobody_speaks_as_a_person_or_the_system(
    running: Running, board: str, token: str, tool: str, arguments: dict[str, Any], named: str
) -> None:
    publish_task(running, board)
    async with connected(running, token) as agent:
        assert named in await agent.refusal(tool, arguments)


async def test_a_token_that_is_revoked_or_expires_stops_at_once(running: Running, board: str) -> None:
    publish_task(running, board)
    token = running.create_token(f"revoked {board}", boards=[board])
    async with connected(running, token) as agent:
        await agent.call("get_task", task="cart")
        running.manage("revoke_token", f"revoked {board}")
        with pytest.raises(MCPError):
            await agent.call("get_task", task="cart")
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx.post(f"{running.base_url}/mcp", json={}, headers=headers)
    assert (answer.status_code, "revoked" in answer.json()["detail"]) == (401, True)


async def test_an_agent_is_told_when_it_asks_too_often(board: str) -> None:
    with Running(MARCUS_RATE_TOKEN="4/minute") as limited:
        token = limited.create_token("hasty")
        async with connected(limited, token) as agent:
            results = [await agent.client.call_tool("list_blockers", {}) for _ in range(5)]
            assert [result.is_error for result in results] == [False] * 4 + [True]
            assert "Try again after" in texts_of(results[-1])


async def test_waits_count_as_connections_of_the_token(board: str) -> None:
    with Running(MARCUS_CONNECTIONS_TOKEN="1") as limited:
        publish_task(limited, board)
        token = limited.create_token("patient")
        async with connected(limited, token) as agent:
            ticket = (await agent.call("report_blocker", **REPORT))["ticket"]
            waiting = asyncio.create_task(agent.call("wait_for_answer", ticket=ticket))
            await wait_until_async(lambda: read(limited, "events", board, type="answer_awaited")["events"])
            assert "limit" in await agent.refusal("wait_for_answer", {"ticket": ticket})
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
