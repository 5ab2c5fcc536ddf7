"""An agent waits for its answer with one call, and people can tell: that it waits, and that it has seen the answer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.test import AsyncClient

from marcus_events.access import tokens
from marcus_events.core.event import utc_now
from marcus_events.live import hub as hub_module
from marcus_events.models import Blocker
from marcus_events.projections import PROJECTIONS, catch_up
from tests.api.program import Program, event
from tests.waiting import wait_until_async
from tests.websocket_line import in_thread

pytestmark = pytest.mark.usefixtures("log")
BLOCKED = event("task_blocked", "b1", task_id="t1", agent_id="agent_1", description="Which key?")
ANSWER = event("blocker_resolved", "r1", task_id="t1", blocker_event_id="b1", resolution="The blue one")


async def wait(program: Program, **query: Any) -> Any:
    response = await AsyncClient().get("/api/events/wait", query, headers=program.headers)
    assert response.status_code == 200, response.content
    return response.json()["event"]


async def blocker() -> Blocker:
    await in_thread(catch_up, PROJECTIONS)
    found = await in_thread(Blocker.objects.now().get)
    assert isinstance(found, Blocker)
    return found


async def types(program: Program) -> list[tuple[str, str]]:
    found = await in_thread(lambda: program.read("/api/events", order="asc")["events"])
    return [(stated["event_type"], stated["source"]) for stated in found]


async def test_who_waits_for_an_answer_is_known_to_wait_and_then_to_have_seen_it(
    program: Program, hub: hub_module.Hub
) -> None:
    await in_thread(program.publish, BLOCKED)
    waiting = asyncio.create_task(wait(program, type="blocker_resolved", task="t1", timeout=30))
    await wait_until_async(lambda: hub.connections == 1)
    assert ((await blocker()).awaited_until or utc_now()) > utc_now()
    await in_thread(program.publish, ANSWER)
    assert (await waiting)["data"]["resolution"] == "The blue one"
    assert (await blocker()).seen_at is not None
    assert await types(program) == [
        ("task_blocked", "agent_1"),
        ("answer_awaited", "program:program"),
        ("blocker_resolved", "agent_1"),
        ("answer_seen", "program:program"),
    ]


async def test_an_answer_that_is_there_already_is_seen_without_waiting(program: Program, hub: hub_module.Hub) -> None:
    await in_thread(program.publish, BLOCKED, ANSWER)
    for _ in range(2):
        assert await wait(program, type="blocker_resolved", task="t1", after=0)
    assert [name for name, _ in await types(program)] == ["task_blocked", "blocker_resolved", "answer_seen"]


async def test_a_token_that_may_only_read_waits_and_is_handed_the_answer_without_a_note(
    program: Program, hub: hub_module.Hub
) -> None:
    reader = Program(await in_thread(tokens.create, "reader", ["read"]))
    await in_thread(program.publish, BLOCKED)
    waiting = asyncio.create_task(wait(reader, type="blocker_resolved", task="t1", timeout=30))
    await wait_until_async(lambda: hub.connections == 1)
    await in_thread(program.publish, ANSWER)
    assert (await waiting)["data"]["resolution"] == "The blue one"
    assert [name for name, _ in await types(program)] == ["task_blocked", "blocker_resolved"]


@pytest.mark.parametrize("query", [{"q": "board_id:shop"}, {"q": "board_id:shop,billing"}, {"q": "board:shop"}, {}])
async def test_on_a_board_that_its_token_is_not_for_nothing_is_noted(
    program: Program, hub: hub_module.Hub, query: dict[str, str]
) -> None:
    other = Program(await in_thread(tokens.create, "other", ["read", "publish"], ["billing"]))
    await in_thread(program.publish, BLOCKED)
    assert await wait(other, type="blocker_resolved", task="t1", timeout=1, **query) is None
    assert await types(program) == [("task_blocked", "agent_1")]


async def test_the_longest_names_are_no_reason_to_note_nothing(program: Program, hub: hub_module.Hub) -> None:
    long = Program(await in_thread(tokens.create, "ä" * 256, ["read", "publish"]))
    await in_thread(program.publish, BLOCKED, ANSWER | {"event_id": "r" * 512})
    assert await wait(long, type="blocker_resolved", task="t1", after=0)
    assert (await blocker()).seen_at is not None


@pytest.mark.parametrize(
    "query",
    [
        {"type": "blocker_resolved"},
        {"type": "task_*", "task": "t1"},
        {"task": "t1"},
        {"type": "blocker_resolved", "task": "t2"},
        {"type": "blocker_resolved", "task": "t1", "board": "billing"},
    ],
)
async def test_who_waits_for_anything_else_leaves_no_trace(
    program: Program, hub: hub_module.Hub, query: dict[str, str]
) -> None:
    await in_thread(program.publish, BLOCKED)
    assert await wait(program, timeout=1, **query) is None
    assert await types(program) == [("task_blocked", "agent_1")]
