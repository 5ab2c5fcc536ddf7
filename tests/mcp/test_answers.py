"""An answer reaches its agent: while it waits, when it comes back, and when it uses any other tool."""

from __future__ import annotations

import asyncio
import re
import signal
from datetime import datetime
from typing import Any

import httpx
import pytest
from mcp.shared.exceptions import MCPError

from marcus_events.blockers.question_check import NO_QUESTION, NO_RECOMMENDATION
from marcus_events.blockers.waiting import GRACE
from marcus_events.core.event import utc_now
from tests.mcp.agent import HANDSHAKE, MODES, Agent, connected, texts_of
from tests.mcp.board import open_blockers, publish_task, read, reply, resolve
from tests.running_server import Running
from tests.waiting import wait_until_async
from tests.websocket_line import in_thread


async def ask(client: Agent, running: Running, board: str, question: str = "Which key?", **more: Any) -> str:
    """Report a blocker, and return its ticket when it is in the tables."""
    report = await client.call("report_blocker", task="cart", question=question, **more)
    await wait_until_async(lambda: question in [each["description"] for each in open_blockers(running, board)])
    return str(report["ticket"])


async def answer_after_waiting(client: Agent, ticket: str, **more: Any) -> dict[str, Any]:
    """Call wait_for_answer again and again, as its result says."""
    while (found := await client.call("wait_for_answer", ticket=ticket, **more))["status"] == "waiting":
        pass
    return found


def blocker_of(running: Running, board: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = open_blockers(running, board)
    return found[0]


def events(running: Running, board: str, event_type: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read(running, "events", board, type=event_type)["events"]
    return found


async def test_a_persons_reply_on_the_page_reaches_agents_that_wait_that_move_on_and_that_ask_the_same_later(
    running: Running, board: str, token: str
) -> None:
    publish_task(running, board)
    async with connected(running, token) as agent, connected(running, token, HANDSHAKE) as other:
        ticket = await ask(agent, running, board, agent="agent_1")
        waiting = asyncio.create_task(answer_after_waiting(agent, ticket, agent="agent_1"))
        await in_thread(reply, running, blocker_of(running, board)["blocker_id"], "The blue one")
        found = await waiting
        assert (found["status"], found["answer"], found["answered_by"]) == ("answered", "The blue one", "admin")
        again = await other.call("wait_for_answer", ticket=ticket, agent="agent_1")
        assert again == found
        await wait_until_async(lambda: events(running, board, "answer_seen"))
        [seen] = events(running, board, "answer_seen")
        assert seen["source"] == f"program:agent of {board}"
        assert seen["data"]["received_by"] == "agent_1"
        assert events(running, board, "answer_awaited")

        same: dict[str, Any] = {"task": "cart", "question": "which KEY?", "agent": "agent_2"}
        report = await other.call("report_blocker", **same)
        [earlier] = report["answered_before"]
        assert (earlier["answer"], earlier["answered_by"]) == ("The blue one", "admin")
        assert (report["status"], report["ticket"]) == ("answered_before", None)
        assert "answered before" in report["next"]
        assert not open_blockers(running, board)

        assert "accept: there is no answer" in await other.refusal("report_blocker", same | {"accept": "nosuch"})
        accepted = await other.call("report_blocker", **same, accept=earlier["ticket"])
        assert (accepted["status"], accepted["ticket"]) == ("accepted", None)
        [decision] = events(running, board, "decision_logged")
        assert decision["data"]["what"] == "The blue one"
        assert decision["data"]["accepted_ticket"] == earlier["ticket"]
        assert not open_blockers(running, board)

        asked = await other.call("report_blocker", **same, ask_anyway=True)
        assert asked["status"] == "asked"
        [_, report] = sorted(events(running, board, "task_blocked"), key=lambda event: int(event["position"]))
        assert report["event_id"] == asked["ticket"]
        assert report["data"]["declined_answers"] == [earlier["ticket"]]


async def test_a_question_that_nobody_can_answer_at_once_is_to_be_rephrased_once(
    running: Running, board: str, token: str
) -> None:
    publish_task(running, board)
    async with connected(running, token) as agent:
        vague: dict[str, Any] = {"task": "cart", "question": "Blocked by the key.", "options": ["The blue one"]}
        report = await agent.call("report_blocker", **vague)
        assert (report["status"], report["ticket"]) == ("rephrase", None)
        assert NO_QUESTION in report["next"]
        assert NO_RECOMMENDATION in report["next"]
        assert not open_blockers(running, board)
        report = await agent.call("report_blocker", **vague, ask_anyway=True)
        assert report["status"] == "asked"
        await wait_until_async(lambda: open_blockers(running, board))
        assert (await agent.call("report_blocker", **vague))["ticket"] == report["ticket"]


async def test_every_other_tool_says_that_an_answer_is_waiting_until_it_is_received(
    running: Running, board: str, token: str
) -> None:
    publish_task(running, board)
    async with connected(running, token) as agent:
        ticket = await ask(agent, running, board)
        await in_thread(reply, running, blocker_of(running, board)["blocker_id"], "The blue one")
        await wait_until_async(lambda: not open_blockers(running, board))
        calls: dict[str, dict[str, Any]] = {
            "get_task": {"task": "cart"},
            "list_blockers": {},
            "search_history": {},
            "publish_event": {"event_type": "step_done"},
            "report_progress": {"task": "cart", "progress": 50},
            "report_blocker": {"task": "cart", "question": "And which lock?"},
        }
        for tool, arguments in calls.items():
            result = await agent.client.call_tool(tool, arguments)
            notices = result.structured_content["answers_waiting"]
            assert notices == [{"ticket": ticket, "task": "cart", "question": "Which key?"}], tool
            assert f"with ticket {ticket}" in texts_of(result)
        assert ticket in await agent.refusal("get_task", {"task": "unknown"})
        assert "answers_waiting" not in await agent.call("list_blockers", agent="somebody else")

        assert "answers_waiting" not in await agent.call("wait_for_answer", ticket=ticket)
        await wait_until_async(lambda: events(running, board, "answer_seen"))
        async with asyncio.timeout(60):
            while "answers_waiting" in await agent.call("list_blockers"):
                pass


@pytest.mark.parametrize("mode", MODES)
async def test_a_blocker_that_ends_otherwise_ends_the_wait(running: Running, board: str, token: str, mode: str) -> None:
    publish_task(running, board)
    async with connected(running, token, mode) as agent:
        ticket = await ask(agent, running, board)
        waiting = asyncio.create_task(answer_after_waiting(agent, ticket))
        await wait_until_async(lambda: events(running, board, "answer_awaited"))
        await in_thread(resolve, running, board, "cart", "Marcus found it")
        found = await waiting
        assert (found["status"], found["answer"], found["answered_by"]) == ("resolved", "Marcus found it", "ci")


async def test_a_wait_that_ends_without_an_answer_says_how_to_go_on(running: Running, board: str, token: str) -> None:
    publish_task(running, board)
    async with connected(running, token) as agent:
        ticket = await ask(agent, running, board)
        for timeout in (0, 0.5):
            found = await agent.call("wait_for_answer", ticket=ticket, timeout=timeout)
            assert (found["status"], found["answer"], found["question"]) == ("waiting", None, "Which key?")
            assert "again" in found["next"]
        result = await agent.client.call_tool("wait_for_answer", {"ticket": ticket, "timeout": 0})
        assert '"waiting"' in texts_of(result)


async def test_two_reports_at_once_are_one_blocker_and_both_tickets_lead_to_its_answer(
    running: Running, board: str, token: str
) -> None:
    publish_task(running, board)
    async with connected(running, token) as agent:
        stated = {"task": "cart", "question": "Which key?"}
        reports = await asyncio.gather(*(agent.call("report_blocker", **stated) for _ in range(4)))
        await wait_until_async(lambda: open_blockers(running, board))
        await in_thread(resolve, running, board, "cart", "The blue one")
        answers = [await answer_after_waiting(agent, report["ticket"]) for report in reports]
        assert {answer["answer"] for answer in answers} == {"The blue one"}


async def test_the_blocker_of_a_producer_that_does_not_speak_mcp_can_be_waited_for_as_well(
    running: Running, board: str, token: str
) -> None:
    publish_task(running, board)
    blocked = {"event_type": "task_blocked", "source": "marcus", "data": {"task_id": "cart", "description": "Stuck"}}
    await in_thread(running.publish, blocked | {"event_id": f"own-{board}", "metadata": {"board_id": board}})
    await wait_until_async(lambda: open_blockers(running, board))
    async with connected(running, token) as agent:
        assert (await agent.call("wait_for_answer", ticket=f"own-{board}", timeout=0))["question"] == "Stuck"


async def test_a_ticket_outlives_the_agent_and_the_server(running: Running, board: str, token: str) -> None:
    publish_task(running, board)
    async with connected(running, token) as agent:
        ticket = await ask(agent, running, board)
    running.end(signal.SIGKILL)
    await in_thread(running.start)
    await in_thread(resolve, running, board, "cart", "The blue one")
    async with connected(running, token) as agent:
        assert (await answer_after_waiting(agent, ticket))["answer"] == "The blue one"


async def test_an_agent_that_waits_while_the_server_stops_is_told_and_goes_on_after_its_start(
    running: Running, board: str, token: str
) -> None:
    publish_task(running, board)
    async with connected(running, token) as agent:
        ticket = await ask(agent, running, board)
        waiting = asyncio.create_task(agent.call("wait_for_answer", ticket=ticket))
        await wait_until_async(lambda: events(running, board, "answer_awaited"))
        await in_thread(running.end)
        with pytest.raises(MCPError):
            await waiting
        await in_thread(running.start)
        assert (await agent.call("wait_for_answer", ticket=ticket, timeout=0))["status"] == "waiting"


async def test_a_connected_agent_goes_on_after_a_restart_of_the_server(
    running: Running, board: str, token: str
) -> None:
    publish_task(running, board)
    async with connected(running, token, HANDSHAKE) as agent:
        ticket = await ask(agent, running, board)
        running.end()
        await in_thread(running.start)
        assert (await agent.call("wait_for_answer", ticket=ticket, timeout=0))["status"] == "waiting"


async def test_who_disconnects_has_not_received_the_answer(running: Running, board: str, token: str) -> None:
    publish_task(running, board)
    async with connected(running, token) as agent:
        ticket = await ask(agent, running, board)
        waiting = asyncio.create_task(agent.call("wait_for_answer", ticket=ticket))
        await wait_until_async(lambda: events(running, board, "answer_awaited"))
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    await wait_until_async(lambda: hub_connections(running) == 0)
    [awaited] = events(running, board, "answer_awaited")
    assert utc_now() < datetime.fromisoformat(awaited["data"]["until"]) - GRACE, "it waited until its timeout"
    await in_thread(resolve, running, board, "cart", "The blue one")
    await wait_until_async(lambda: not open_blockers(running, board))
    assert events(running, board, "answer_seen") == []


def hub_connections(running: Running) -> float:
    """Return how many live pages and programs are connected to the server."""
    text = httpx.get(f"{running.base_url}/metrics").text
    [value] = re.findall(r"^marcus_hub_connections (.+)$", text, re.MULTILINE)
    return float(value)
