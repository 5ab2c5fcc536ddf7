"""A server whose tables cannot go on: it says so, slows programs, stays ready, and has lost nothing afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from marcus_events.client import Client
from tests.lagging import projections_stopped
from tests.mcp.agent import connected
from tests.running_server import Running
from tests.waiting import wait_until, wait_until_async


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with Running(MARCUS_MAX_LAG="1") as running:
        yield running


@pytest.fixture(scope="module")
def token(running: Running) -> str:
    return running.create_token("slowed")


def post(running: Running, token: str, event_id: str) -> httpx.Response:
    stated = {"event_id": event_id, "event_type": "task_started", "source": "agent_1"}
    return httpx.post(f"{running.base_url}/api/events", json=stated, headers={"Authorization": f"Bearer {token}"})


def parts(running: Running) -> Any:
    response = httpx.get(f"{running.base_url}/readyz")
    assert response.status_code == 200
    return response.json()["parts"]


async def test_an_agent_reads_that_it_has_to_come_again(running: Running, token: str) -> None:
    arguments = {"event_type": "note", "agent": "agent_1", "event_id": "note"}
    async with connected(running, token) as agent:
        with projections_stopped(running, "search"):
            post(running, token, "outstanding 1")
            await wait_until_async(lambda: post(running, token, "outstanding 1").status_code == 429)
            text = await agent.refusal("publish_event", arguments)
            assert text.startswith("Nothing was stored. Tables or search are ")
            assert text.endswith("Try again after 5 s.")
            await agent.call("list_blockers")
        await wait_until_async(lambda: post(running, token, "outstanding 1").status_code == 201)
        assert (await agent.call("publish_event", **arguments))["status"] == "accepted"


async def test_the_client_keeps_events_and_sends_them_later(running: Running, token: str, tmp_path: Path) -> None:
    with Client(running.base_url, token, spool=tmp_path / "spool") as client:
        with projections_stopped(running):
            post(running, token, "outstanding 2")
            await wait_until_async(lambda: post(running, token, "outstanding 2").status_code == 429)
            client.send("kept", "me", {"n": 1})
            await wait_until_async(lambda: client.metrics()["last_error"])
            client.send("kept", "me", {"n": 2})
            assert "Nothing was stored" in client.metrics()["last_error"]
            assert (client.metrics()["waiting"], client.metrics()["sent"]) == (2, 0)
        assert await client.flush(60)
        found = client.metrics()
        assert (found["sent"], found["duplicates"], found["refused"], found["lost"]) == (2, 0, 0, 0)


def test_readiness_says_which_part_is_behind_and_for_how_long(running: Running, token: str) -> None:
    with projections_stopped(running, "state"):
        post(running, token, "outstanding 3")
        wait_until(lambda: parts(running)["state"]["behind"])
        state, search = parts(running)["state"], parts(running)["search"]
        assert (state["ready"], state["lag_s"] > 2, search["behind"]) == (True, True, False)
    wait_until(lambda: not parts(running)["state"]["behind"])
    assert parts(running)["state"]["lag_s"] == 0
