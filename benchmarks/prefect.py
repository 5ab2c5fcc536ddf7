"""Prefect 3's event API, in an environment of its own beside this one: its requirements exclude ours.

`prefect server` keeps its events in SQLite, as it does by default: on PostgreSQL it needs the extension pg_trgm, which
the embedded server does not have. A batch is acknowledged before it is stored, so time runs until all events are found.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import uuid4

import httpx

from benchmarks.arrivals import PAUSE_S, Arrivals
from benchmarks.contest import RATE, Figures, NotMeasured, percentiles
from benchmarks.payloads import new_events
from benchmarks.results import PREFECT_ENVIRONMENT
from benchmarks.servers import Server, server_process
from benchmarks.websocket_client import open_websocket
from tests.running_server import free_port

COMMAND = PREFECT_ENVIRONMENT / "bin" / "prefect"
START_TIMEOUT_S = 90.0  # it creates its database first
TIMEOUT_S = 60.0  # until all events are found
POLL_S = 0.02
BATCH = 100
SETTINGS = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_UI_ENABLED": "false",
    # By default its events are stored every five seconds or 20 at a time; this favours it.
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": str(BATCH),
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "0.1",
}


@contextmanager
def prefect_server() -> Iterator[Server]:
    """`prefect server start` with SQLite"""
    if not COMMAND.exists():
        raise NotMeasured("Prefect is not installed; make bench installs it")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="marcus-bench-") as home:
        url = f"http://127.0.0.1:{port}/api"
        environment = os.environ | SETTINGS | {"PREFECT_HOME": home, "PREFECT_API_URL": url}
        command = [str(COMMAND), "server", "start", "--host", "127.0.0.1", "--port", str(port)]
        with server_process(command, port, environment, START_TIMEOUT_S):
            yield Server(port)


def until_queryable(server: Server, batches: int) -> Figures:
    """Prefect 3 on SQLite: batches of 100 posted one after another, until its event API finds all of them"""
    run = uuid4().hex
    bodies = [json.dumps(list(batch)).encode() for batch in made_batches(run, batches)]
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}/api", timeout=TIMEOUT_S) as client:
        begun = time.perf_counter()
        for body in bodies:
            client.post("/events", content=body, headers={"Content-Type": "application/json"}).raise_for_status()
        while (found := count(client, run)) < batches * BATCH:
            if time.perf_counter() - begun > TIMEOUT_S:
                raise NotMeasured(f"found {found} of {batches * BATCH} events after {TIMEOUT_S:g} s")
            time.sleep(POLL_S)
        return {RATE: batches * BATCH / (time.perf_counter() - begun)}


def made_batches(run: str, batches: int) -> Iterator[list[dict[str, Any]]]:
    events = new_events()
    for _ in range(batches):
        yield [prefect_event(event, run) for event in islice(events, BATCH)]


def prefect_event(event: Any, run: str) -> dict[str, Any]:
    return {
        "occurred": datetime.now(UTC).isoformat(),
        "event": event.event_type,
        "resource": {"prefect.resource.id": f"bench.{run}.{event.source}"},
        "payload": event.data | {"metadata": event.metadata},
        "id": str(uuid4()),
    }


def count(client: httpx.Client, run: str) -> int:
    query = {"filter": {"resource": {"id_prefix": [f"bench.{run}."]}}, "limit": 1}
    found: int = client.post("/events/filter", json=query).raise_for_status().json()["total"]
    return found


def post_to_frame(samples: int, server: Server) -> Figures:
    """POST /api/events with one event to Prefect 3; until its stream /api/events/out has sent it"""

    async def measure() -> Figures:
        arrivals = Arrivals(1)
        socket = await open_websocket(server.port, "/api/events/out", {}, arrivals.receive)
        try:
            socket.send(json.dumps({"type": "filter", "filter": until_tomorrow(), "backfill": False}).encode())
            await asyncio.sleep(1)  # it does not say when it has subscribed
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}/api") as client:
                return percentiles([await post_and_wait(client, event, arrivals) for event in some_events(samples)])
        finally:
            socket.transport.abort()

    return asyncio.run(measure())


async def post_and_wait(client: httpx.AsyncClient, event: dict[str, Any], arrivals: Arrivals) -> float:
    body, arrived = json.dumps([event]), arrivals.expect(event["id"])
    sent_at = time.perf_counter()
    (await client.post("/events", content=body, headers={"Content-Type": "application/json"})).raise_for_status()
    async with asyncio.timeout(TIMEOUT_S):
        took = await arrived - sent_at
    await asyncio.sleep(PAUSE_S)
    return took


def some_events(samples: int) -> list[dict[str, Any]]:
    return [prefect_event(event, "stream") for event in islice(new_events(), samples)]


def until_tomorrow() -> dict[str, Any]:
    """A filter for everything new; by default it ends at the time when it is made."""
    now = datetime.now(UTC)
    return {"occurred": {"since": now.isoformat(), "until": (now + timedelta(days=1)).isoformat()}}
