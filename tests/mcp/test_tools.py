"""Every tool, called by the official client: what it is declared as, what it returns, and what it publishes."""

from __future__ import annotations

from typing import Any

import pytest

from marcus_events.core.event_types import EventTypes
from tests.mcp.agent import MODES, connected
from tests.mcp.board import open_blockers, publish_task, read
from tests.running_server import Running
from tests.waiting import wait_until

NAMES = [
    "report_blocker",
    "wait_for_answer",
    "report_progress",
    "publish_event",
    "get_task",
    "list_blockers",
    "search_history",
]


@pytest.mark.parametrize("mode", MODES)
async def test_a_client_of_each_generation_lists_and_calls_every_tool(
    running: Running, board: str, token: str, mode: str
) -> None:
    publish_task(running, board)
    async with connected(running, token, mode) as agent:
        tools = (await agent.client.list_tools()).tools
        assert [tool.name for tool in tools] == NAMES
        assert all(tool.description and tool.output_schema for tool in tools)
        report = await agent.call("report_blocker", task="cart", question="Which key?")
        await agent.call("wait_for_answer", ticket=report["ticket"], timeout=0)
        await agent.call("report_progress", task="cart", progress=40, message="Half of it")
        await agent.call("publish_event", event_type="decision_logged", data={"what": "REST"}, task="cart")
        await agent.call("get_task", task="cart")
        await agent.call("list_blockers")
        await agent.call("search_history", query="type:decision_logged")


async def test_a_reported_blocker_is_on_the_board_with_what_a_person_needs(
    running: Running, board: str, token: str
) -> None:
    publish_task(running, board)
    async with connected(running, token) as agent:
        report = await agent.call(
            "report_blocker",
            task="cart",
            question="Which currency?",
            options=["EUR", "USD"],
            recommendation="EUR",
            severity="high",
            context="The shop sells in both.",
            agent="agent_7",
        )
        assert report["status"] == "asked"
        assert report["board"] == board
        assert report["asked"]["people"] == ["admin"]
        found = wait_until(lambda: open_blockers(running, board))
        assert [(each["event_id"], each["agent_id"], each["severity"]) for each in found] == [
            (report["ticket"], "agent_7", "high")
        ]
        [event] = (await agent.call("search_history", query="type:task_blocked"))["events"]
        assert event["source"] == "agent_7"
        assert event["data"] == {
            "task_id": "cart",
            "agent_id": "agent_7",
            "description": "Which currency?",
            "options": ["EUR", "USD"],
            "recommendation": "EUR",
            "severity": "high",
            "context": "The shop sells in both.",
        }


async def test_reporting_the_same_question_again_gives_the_same_ticket(
    running: Running, board: str, token: str
) -> None:
    publish_task(running, board)
    async with connected(running, token) as agent:
        first = await agent.call("report_blocker", task="cart", question="Which key?")
        wait_until(lambda: open_blockers(running, board))
        second = await agent.call("report_blocker", task="cart", question=" Which key?\r\n")
        assert (second["ticket"], second["status"]) == (first["ticket"], "asked_before")
        assert len(open_blockers(running, board)) == 1


async def test_progress_moves_the_task_and_done_completes_it(running: Running, board: str, token: str) -> None:
    publish_task(running, board)
    async with connected(running, token) as agent:
        await agent.call("report_progress", task="cart", progress=30)
        wait_until(lambda: task_of(running, board)["progress"] == 30)
        assert task_of(running, board)["agent_id"] == f"agent of {board}"
        await agent.call("report_progress", task="cart", status="done", message="It sells")
        wait_until(lambda: task_of(running, board)["status"] == "done")
        found = (await agent.call("get_task", task="cart"))["task"]
        assert (found["status"], found["board_id"]) == ("done", board)


def task_of(running: Running, board: str) -> dict[str, Any]:
    [found] = read(running, "tasks", board)["tasks"]
    assert isinstance(found, dict)
    return found


async def test_an_event_that_is_published_twice_under_one_id_is_stored_once(
    running: Running, board: str, token: str
) -> None:
    async with connected(running, token) as agent:
        stated: dict[str, Any] = {"event_type": "deploy_finished", "event_id": "deploy-7", "data": {"version": "7"}}
        first = await agent.call("publish_event", **stated)
        second = await agent.call("publish_event", **stated)
        assert (first["status"], second["status"]) == ("accepted", "duplicate")
        assert first["position"] == second["position"]
        assert "already published" in await agent.refusal("publish_event", stated | {"data": {"version": "8"}})


async def test_a_field_that_cannot_be_used_is_named_in_the_result(running: Running, board: str, token: str) -> None:
    async with connected(running, token) as agent:
        result = await agent.call("publish_event", event_type=EventTypes.TASK_PROGRESS, data={"progress": "much"})
        assert result["warnings"] == [{"pointer": "/data/progress", "expected": "a number from 0 to 100"}]


async def test_blockers_are_found_again_by_their_agent(running: Running, board: str, token: str) -> None:
    publish_task(running, board)
    async with connected(running, token) as agent:
        for name in ("agent_1", "agent_2"):
            await agent.call("report_blocker", task="cart", question=f"May {name} go on?", agent=name)
        wait_until(lambda: len(open_blockers(running, board)) == 2)
        mine = (await agent.call("list_blockers", mine=True, agent="agent_2"))["blockers"]
        assert [each["question"] for each in mine] == ["May agent_2 go on?"]
        assert len((await agent.call("list_blockers", task="cart", limit=1))["blockers"]) == 1
        assert (await agent.call("list_blockers", state="resolved"))["blockers"] == []


async def test_the_history_is_read_page_by_page(running: Running, board: str, token: str) -> None:
    async with connected(running, token) as agent:
        for number in range(3):
            await agent.call("publish_event", event_type="step_done", data={"number": number})
        first = await agent.call("search_history", query="type:step_done", limit=2)
        rest = await agent.call("search_history", query="type:step_done", limit=2, before=first["next"])
        numbers = [event["data"]["number"] for page in (first, rest) for event in page["events"]]
        assert (numbers, rest["next"]) == ([2, 1, 0], None)
