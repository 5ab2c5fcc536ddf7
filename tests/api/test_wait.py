"""GET /api/events/wait: what is there already, what comes, and nothing when nothing does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from marcus_events.access import tokens
from marcus_events.live import hub as hub_module
from tests.api.program import Program, assert_problem, event
from tests.waiting import wait_until_async

pytestmark = pytest.mark.usefixtures("log")


async def wait(program: Program, **query: Any) -> Any:
    response = await AsyncClient().get("/api/events/wait", query, headers=program.headers)
    assert response.status_code == 200, response.content
    return response.json()


publish = sync_to_async(Program.publish)


def test_what_is_in_the_log_already_is_given_at_once(program: Program) -> None:
    program.publish(event("task_created", task_id="t1"), event("task_started", task_id="t1"))
    answer = program.read("/api/events/wait", after=0, type="task_started", timeout=0)
    assert (answer["event"]["position"], answer["head"]) == (2, 2)


def test_it_goes_on_behind_a_position_or_an_event(program: Program) -> None:
    program.publish(*(event("task_progress", task_id="t1") | {"event_id": f"e{n}"} for n in range(3)))
    assert program.read("/api/events/wait", after_event="e0", timeout=0)["event"]["event_id"] == "e1"
    assert program.read("/api/events/wait", after=2, timeout=0)["event"]["event_id"] == "e2"
    assert program.read("/api/events/wait", timeout=0) == {"event": None, "head": 3}


async def test_it_answers_as_soon_as_an_event_matches(program: Program, hub: hub_module.Hub) -> None:
    waiting = asyncio.create_task(wait(program, type="task_blocked", timeout=30))
    await wait_until_async(lambda: hub.connections == 1)
    await publish(program, event("task_started", task_id="t1"))
    await publish(program, event("task_blocked", task_id="t1"))
    assert (await waiting)["event"]["position"] == 2
    assert hub.connections == 0


async def test_it_answers_with_nothing_when_nothing_came(program: Program, hub: hub_module.Hub) -> None:
    await publish(program, event("task_started", task_id="t1"))
    assert await wait(program, type="task_blocked", timeout=1) == {"event": None, "head": 1}
    assert hub.connections == 0


async def test_who_goes_away_is_waited_for_no_longer(program: Program, hub: hub_module.Hub) -> None:
    waiting = asyncio.create_task(wait(program, timeout=30))
    await wait_until_async(lambda: hub.connections == 1)
    waiting.cancel()
    await wait_until_async(lambda: hub.connections == 0)


@pytest.mark.parametrize(
    ("query", "status", "reason"),
    [
        ({"timeout": "61"}, 422, "timeout must be"),
        ({"timeout": "-1"}, 422, "timeout must be"),
        ({"after": "x"}, 422, "after must be"),
        ({"after_event": "unknown"}, 404, "Event unknown does not exist"),
        ({"q": "nofield:x"}, 422, "is not a field"),
    ],
)
def test_what_makes_no_sense_is_told(program: Program, query: dict[str, str], status: int, reason: str) -> None:
    assert_problem(program.get("/api/events/wait", **query), status, reason)


def test_a_boards_token_sees_and_learns_nothing_of_another_board(program: Program) -> None:
    program.publish(event("task_created", board="billing", task_id="t1") | {"event_id": "secret"})
    of_shop = Program(tokens.create("of shop", ["read"], ["shop"]))
    assert of_shop.read("/api/events/wait", after=0, timeout=0)["event"] is None
    assert_problem(of_shop.get("/api/events/wait", after_event="secret", timeout=0), 404, "Event secret does not exist")


def test_only_get_is_taken(program: Program) -> None:
    response = program.client.post("/api/events/wait", headers=program.headers)
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD, OPTIONS")
