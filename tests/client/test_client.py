"""The client: what it is given is on disk at once, gets there once, and comes back as it happens."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from marcus_events import Event, Events
from marcus_events.client import Client
from marcus_events.core.filters import EventFilter
from tests.running_server import SOURCES, Running
from tests.waiting import wait_until, wait_until_async


@pytest.fixture(scope="module")
def dashboard() -> Iterator[Running]:
    with Running() as running:
        yield running


@pytest.fixture(scope="module")
def token(dashboard: Running) -> str:
    return dashboard.create_token("clients")


@pytest.fixture
def client(dashboard: Running, token: str, tmp_path: Path) -> Iterator[Client]:
    with Client(dashboard.base_url, token, spool=tmp_path / "spool") as client:
        yield client


def logged(dashboard: Running, token: str, event_type: str) -> list[dict[str, object]]:
    """All events of a type, oldest first."""
    query = {"type": event_type, "limit": "1000", "order": "asc"}
    answer = httpx.get(f"{dashboard.base_url}/api/events", params=query, headers={"Authorization": f"Bearer {token}"})
    found: list[dict[str, object]] = answer.raise_for_status().json()["events"]
    return found


async def test_what_is_published_gets_there_as_it_was(client: Client) -> None:
    event = await client.publish("first", "me", {"n": 1, "text": "ä €"}, {"board_id": "b"})
    (found,) = await client.get_events("first")
    assert found == event


async def test_a_batch_gets_there_in_its_order(client: Client, dashboard: Running, token: str) -> None:
    published = await client.publish_batch([("batch", "me", {"n": n}) for n in range(1_200)])
    assert await client.flush(20)
    assert [event["event_id"] for event in logged(dashboard, token, "batch")] == [e.event_id for e in published[:1_000]]
    assert (client.metrics()["sent"], client.metrics()["waiting"]) == (1_200, 0)


async def test_what_is_refused_is_kept_and_told_of_and_the_others_get_there(
    client: Client, dashboard: Running, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    for data in ({"n": 1}, {"n": "NUL \0"}, {"n": float("nan")}, {"n": 4}):
        client.send("mixed", "me", data)
    assert await client.flush(20)
    assert [event["data"] for event in logged(dashboard, token, "mixed")] == [{"n": 1}, {"n": 4}]
    assert client.metrics()["refused"] == 2
    assert "contains the character NUL" in caplog.text


async def test_what_is_taken_with_a_warning_is_told_of(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    event = client.send("task_progress", "me", {"task_id": 77, "progress": "half"})
    assert await client.flush(20)
    assert (client.metrics()["sent"], client.metrics()["warned"], client.metrics()["refused"]) == (1, 1, 0)
    told = f"event {event.event_id} (task_progress) was accepted with a warning: "
    assert f"{told}/0/data/progress should be a number from 0 to 100" in caplog.text


@pytest.mark.parametrize("event_type", ["token_revoked", "conflicting"])
async def test_what_is_refused_alone_holds_up_nothing(
    event_type: str, client: Client, dashboard: Running, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    event = client.send("conflicting", "me", {"n": 1})
    assert await client.flush(20)
    await client.store_event(replace(event, event_type=event_type, data={"n": 2}))
    assert await client.flush(20)
    client.send("behind", "me", {})
    assert await client.flush(20)
    assert client.metrics()["refused"] == 1
    assert f"event {event.event_id} was rejected" in caplog.text
    assert logged(dashboard, token, "behind")


async def test_waiting_gives_the_first_event_after_another(client: Client) -> None:
    question = await client.publish("question", "me", {})
    await client.publish("answer", "you", {"to": "somebody else"})
    waiting = asyncio.create_task(client.wait_for_event("answer", 20, after=question, where={"data.to": "me"}))
    answer = await client.publish("answer", "you", {"to": "me"})
    assert await waiting == answer
    assert await client.wait_for_event("answer", 0.2, after=answer) is None
    assert await client.wait_for_event(["an*"], 20, after=question, where=EventFilter.parse("source:you")) is not None


async def test_a_stream_goes_on_across_a_restart_without_a_miss(client: Client, dashboard: Running) -> None:
    start = await client.publish("stream-start", "me", {})
    seen: list[int] = []

    async def read() -> None:
        async for event in client.stream("streamed", after=start):
            seen.append(event.data["n"])  # noqa: PERF401 - looked at meanwhile

    reading = asyncio.create_task(read())
    for n in range(50):
        await client.publish("streamed", "me", {"n": n})
    await wait_until_async(lambda: len(seen) == 50)
    await asyncio.to_thread(dashboard.end, signal.SIGKILL)
    for n in range(50, 100):
        await client.publish("streamed", "me", {"n": n})
    await asyncio.to_thread(dashboard.start)
    await wait_until_async(lambda: len(seen) == 100, timeout=180)
    reading.cancel()
    assert seen == list(range(100))


async def test_a_thousand_events_while_the_dashboard_is_away_each_get_there_once(
    client: Client, dashboard: Running, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    await asyncio.to_thread(dashboard.end, signal.SIGKILL)
    published = [client.send("away", "me", {"n": n}) for n in range(1_000)]
    await wait_until_async(lambda: client.metrics()["last_error"])
    assert client.metrics()["waiting"] == 1_000
    await asyncio.to_thread(dashboard.start)
    assert await client.flush(60)
    assert [event["event_id"] for event in logged(dashboard, token, "away")] == [event.event_id for event in published]
    assert caplog.text.count("cannot be sent") == 1
    assert token not in caplog.text


def test_what_a_killed_process_published_is_sent_by_the_next(dashboard: Running, token: str, tmp_path: Path) -> None:
    program = """
import os, signal, sys
from marcus_events.client import Client
client = Client(sys.argv[1], "mev_unknown", spool=sys.argv[2])
for n in range(300):
    client.send("killed", "me", {"n": n})
os.kill(os.getpid(), signal.SIGKILL)
"""
    command = [sys.executable, "-c", program, dashboard.base_url, str(tmp_path)]
    killed = subprocess.run(command, cwd=SOURCES, env=os.environ, check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    with Client(dashboard.base_url, token, spool=tmp_path) as client:
        wait_until(lambda: client.metrics()["sent"] == 300)
    assert [event["data"] for event in logged(dashboard, token, "killed")] == [{"n": n} for n in range(300)]


def test_a_token_that_is_not_known_costs_no_event(
    dashboard: Running, token: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Client(dashboard.base_url, "mev_wrong", spool=tmp_path) as client:
        client.send("later", "me", {})
        wait_until(lambda: client.metrics()["last_error"])
        assert client.metrics()["waiting"] == 1
        client.close(0)
    assert "Unknown token" in caplog.text
    assert "mev_wrong" not in caplog.text + repr(client)
    with Client(dashboard.base_url, token, spool=tmp_path) as client:
        wait_until(lambda: client.metrics()["sent"] == 1)


def test_two_clients_at_once_have_a_spool_each(dashboard: Running, token: str, tmp_path: Path) -> None:
    with Client(dashboard.base_url, token, spool=tmp_path), Client(dashboard.base_url, token, spool=tmp_path):
        assert sorted(file.name for file in tmp_path.glob("*.db")) == ["0.db", "1.db"]


@pytest.mark.parametrize("token", ["", "with\nline", " mev_x", "mev_ä"])
def test_what_cannot_be_a_token_is_refused_without_repeating_it(token: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="invalid token") as raised:
        Client("http://127.0.0.1:9", token, spool=tmp_path)
    assert not token.strip() or token not in str(raised.value)


async def test_it_is_the_persistence_of_an_events(client: Client) -> None:
    async with Events(persistence=client) as events:
        published: Event = await events.publish("through events", "me", {"n": 1})
        assert await events.get_history("through events") == [published]
