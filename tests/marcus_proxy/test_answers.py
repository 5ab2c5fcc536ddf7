"""A person's answer reaches the agent that asked, through the proxy of its Marcus."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from contextlib import closing, suppress
from typing import Any

import pytest
from mcp.shared.exceptions import MCPError

from marcus_events.log.marcus_acts import ACT
from marcus_events.sources.marcus.acts import mark_of
from tests.marcus_proxy.conftest import AGENT, MarcusAgent, ProxiedMarcus, connected
from tests.mcp.agent import HANDSHAKE, NEWEST
from tests.mcp.board import open_blockers, read, reply, resolve
from tests.waiting import wait_until_async
from tests.websocket_line import in_thread


async def asked(proxied: ProxiedMarcus, task_id: str) -> dict[str, Any]:
    """Return the blocker of a task once the dashboard shows it."""

    def found() -> list[dict[str, Any]]:
        return [one for one in open_blockers(proxied.running, proxied.board) if one["task_id"] == task_id]

    return (await wait_until_async(found))[0]


async def answered(proxied: ProxiedMarcus, task_id: str, answer: str) -> None:
    """Reply on the page, and wait until the reply is sent."""
    blocker = await asked(proxied, task_id)
    await in_thread(reply, proxied.running, blocker["blocker_id"], answer)
    await wait_until_async(lambda: not open_blockers(proxied.running, proxied.board))


async def until_answered(agent: MarcusAgent, **mine: str) -> dict[str, Any]:
    while (found := await agent.call("wait_for_answer", **mine))["status"] == "waiting":
        pass
    return found


async def delivered(proxied: ProxiedMarcus) -> list[str]:
    """Return the agents that have received answers, once there is one."""

    def found() -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = read(proxied.running, "events", proxied.board, type="answer_seen")["events"]
        return events

    return [event["data"]["received_by"] for event in await wait_until_async(found)]


@pytest.mark.parametrize("mode", [NEWEST, HANDSHAKE])
async def test_an_agent_that_waits_receives_the_answer_and_goes_on(proxied: ProxiedMarcus, mode: str) -> None:
    async with connected(proxied.url, mode) as agent:
        await agent.register()
        task_id = await agent.blocked_task("Which colour?")
        mine = {"agent_id": AGENT, "task_id": task_id}
        async with asyncio.TaskGroup() as both:
            both.create_task(answered(proxied, task_id, "Blue"))
            waiting = both.create_task(until_answered(agent, **mine))
        found = waiting.result()
        assert (found["answer"], found["answered_by"]) == ("Blue", "admin")
        assert await agent.call("wait_for_answer", **mine, timeout=0) == found
        [resumed] = await agent.marcus_calls("report_task_progress")
        assert resumed["status"] == "in_progress"
        assert resumed["message"] == "Answer from admin: Blue"
        assert await delivered(proxied) == [AGENT]


@pytest.mark.parametrize("proxied", [False], indirect=True)
async def test_an_agent_waits_for_the_answer_to_a_report_that_a_follower_publishes(proxied: ProxiedMarcus) -> None:
    async with connected(proxied.url) as agent:
        await agent.register()
        task_id = await agent.blocked_task("Which colour?")

        async def follow_and_resolve() -> None:
            about = {"agent_id": AGENT, "task_id": task_id, "description": "Which colour?"}
            metadata = {"board_id": proxied.board, ACT: mark_of("task_blocked", (task_id, "Which colour?"))}
            report = {"event_type": "task_blocked", "source": AGENT, "data": about, "metadata": metadata}
            await in_thread(proxied.running.publish, report)
            await wait_until_async(lambda: is_followed(proxied))
            await in_thread(resolve, proxied.running, proxied.board, task_id, "The card was moved")

        async with asyncio.TaskGroup() as both:
            waiting = both.create_task(agent.call("wait_for_answer", agent_id=AGENT, task_id=task_id))
            both.create_task(follow_and_resolve())
        assert waiting.result()["status"] == "resolved"  # by the first call


def is_followed(proxied: ProxiedMarcus) -> bool:
    """Return whether the proxy knows that a follower has published the report."""
    with closing(sqlite3.connect(proxied.folder / "questions.db")) as questions:
        [(report_id,)] = questions.execute("SELECT report_id FROM question").fetchall()
        return not report_id.startswith("marcus_proxy_")


async def test_an_agent_that_moved_on_gets_its_task_back_with_the_answer_once(proxied: ProxiedMarcus) -> None:
    async with connected(proxied.url) as agent:
        await agent.register()
        task_id = await agent.blocked_task("Which colour?")
        other = (await agent.call("request_next_task", agent_id=AGENT))["task"]["id"]
        await answered(proxied, task_id, "Blue")
        done = {"agent_id": AGENT, "task_id": other, "status": "completed", "progress": 100}
        assert task_id in await agent.note("report_task_progress", **done)
        given = await agent.call("request_next_task", agent_id=AGENT)
        assert given["task"]["id"] == task_id
        assert given["answered_question"]["answer"] == "Blue"
        assert given["task"]["instructions"].endswith("Do it well.")
        assert "Answer (from admin): Blue" in given["task"]["instructions"]
        [_, resumed] = await agent.marcus_calls("report_task_progress")
        assert (resumed["task_id"], resumed["status"]) == (task_id, "in_progress")
        assert "error" in await agent.call("request_next_task", agent_id=AGENT)
        assert await delivered(proxied) == [AGENT]


async def test_after_restarts_of_the_proxy_and_of_the_agent_the_answer_is_still_delivered(
    proxied: ProxiedMarcus,
) -> None:
    async with connected(proxied.url, HANDSHAKE) as agent:
        await agent.register()
        task_id = await agent.blocked_task("Which colour?")
        await asked(proxied, task_id)
    proxied.end_proxy(signal.SIGKILL)
    await answered(proxied, task_id, "Blue")
    await in_thread(proxied.start_proxy)
    async with connected(proxied.url, HANDSHAKE) as agent:
        given = await agent.call("request_next_task", agent_id=AGENT)
        assert (given["task"]["id"], given["answered_question"]["answer"]) == (task_id, "Blue")


@pytest.mark.parametrize("tool", ["request_next_task", "wait_for_answer"])
async def test_a_proxy_that_was_killed_before_it_noted_marcuss_response_finds_the_question(
    proxied: ProxiedMarcus, tool: str
) -> None:
    async with connected(proxied.url, HANDSHAKE) as agent:
        await agent.register()
        task_id = await agent.blocked_task("Which colour?")
        await asked(proxied, task_id)
    proxied.end_proxy(signal.SIGKILL)
    with closing(sqlite3.connect(proxied.folder / "questions.db")) as questions, questions:
        questions.execute("UPDATE question SET report_id = ''")
    await answered(proxied, task_id, "Blue")
    await in_thread(proxied.start_proxy)
    async with connected(proxied.url, HANDSHAKE) as agent:
        found = await agent.call(tool, agent_id=AGENT, **({"task_id": task_id} if tool == "wait_for_answer" else {}))
        assert found.get("answered_question", found)["answer"] == "Blue"
        assert await delivered(proxied) == [AGENT]


async def test_a_question_that_marcus_refused_or_never_got_is_unknown(proxied: ProxiedMarcus) -> None:
    async with connected(proxied.url) as agent:
        await agent.register()
        mine = {"agent_id": AGENT, "task_id": "refused"}
        refused = await agent.call("report_blocker", **mine, blocker_description="Which colour?")
        assert refused["success"] is False
        assert (await agent.call("wait_for_answer", **mine, timeout=0))["status"] == "unknown"
        proxied.end_marcus()
        mine["task_id"] = "lost"
        with suppress(MCPError):
            await agent.client.call_tool("report_blocker", {**mine, "blocker_description": "Which colour?"})
        assert (await agent.call("wait_for_answer", **mine, timeout=0))["status"] == "unknown"


async def test_an_answer_for_an_agent_that_is_gone_goes_to_the_next_one_with_its_skills(
    proxied: ProxiedMarcus,
) -> None:
    async with connected(proxied.url) as agent:
        await agent.register(skills=["python", "sql"])
        task_id = await agent.blocked_task("Which colour?")
        await answered(proxied, task_id, "Blue")
        for name, skills, is_given in (("b", ["python"], False), ("c", ["design"], False), ("d", ["sql"], True)):
            await agent.register(name, skills=skills)
            given = await agent.call("request_next_task", agent_id=name)
            assert (given["task"]["id"] == task_id) == is_given, name
            assert (f"{AGENT}'s question" in given["task"]["instructions"]) == is_given
            if name == "b":  # while the agent that asked is still there
                await in_thread(silence_agent, proxied)


def silence_agent(proxied: ProxiedMarcus) -> None:
    """Restart the proxy, with the agent's last call an hour ago."""
    proxied.end_proxy()
    with closing(sqlite3.connect(proxied.folder / "questions.db")) as questions, questions:
        questions.execute("UPDATE agent SET called_at = called_at - 3600 WHERE agent_id = ?", [AGENT])
    proxied.start_proxy()


async def test_a_blocker_that_ends_without_an_answer_gives_no_task_back(proxied: ProxiedMarcus) -> None:
    async with connected(proxied.url) as agent:
        await agent.register()
        task_id = await agent.blocked_task("Which colour?")
        await asked(proxied, task_id)
        await in_thread(resolve, proxied.running, proxied.board, task_id, "The card was moved")
        await wait_until_async(lambda: not open_blockers(proxied.running, proxied.board))
        found = await agent.call("wait_for_answer", agent_id=AGENT, task_id=task_id, timeout=0)
        assert (found["status"], "answer" in found) == ("resolved", False)
        assert (await agent.call("request_next_task", agent_id=AGENT))["task"]["id"] != task_id
        assert await agent.marcus_calls("report_task_progress") == []


async def test_an_earlier_answer_to_the_same_question_is_in_the_result_of_the_report(proxied: ProxiedMarcus) -> None:
    async with connected(proxied.url) as agent:
        await agent.register()
        await answered(proxied, await agent.blocked_task("Which colour?"), "Blue")
        await agent.register("agent_2")
        task_id = (await agent.call("request_next_task", agent_id="agent_2"))["task"]["id"]
        await wait_until_async(lambda: task_id in tasks(proxied))
        about = {"agent_id": "agent_2", "task_id": task_id, "blocker_description": "which colour? "}
        report = await agent.call("report_blocker", **about)
        [earlier] = report["person_asked"]["answered_before"]
        assert (earlier["answer"], earlier["answered_by"]) == ("Blue", "admin")
        assert "suggestions" in report


def tasks(proxied: ProxiedMarcus) -> list[str]:
    return [task["task_id"] for task in read(proxied.running, "tasks", proxied.board)["tasks"]]


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"agent_id": AGENT},
        {"agent_id": AGENT, "task_id": 7},
        {"agent_id": AGENT, "task_id": "t", "timeout": -1},
        {"agent_id": AGENT, "task_id": "t", "timeout": 46},
        {"agent_id": AGENT, "task_id": "t", "timeout": "long"},
        {"agent_id": AGENT, "task_id": "t", "timeout": True},
    ],
)
async def test_wrong_arguments_are_named(proxied: ProxiedMarcus, arguments: dict[str, Any]) -> None:
    async with connected(proxied.url) as agent:
        text = await agent.refusal("wait_for_answer", arguments)
        assert text == "agent_id and task_id must be non-empty strings, and timeout a number from 0 to 45."


async def test_a_question_that_was_never_asked_here_is_unknown(proxied: ProxiedMarcus) -> None:
    async with connected(proxied.url) as agent:
        found = await agent.call("wait_for_answer", agent_id=AGENT, task_id="nosuch")
        assert found["status"] == "unknown"
