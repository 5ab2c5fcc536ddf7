"""How soon an event reaches a program's WebSocket, and how soon a frame reaches 200 of them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial

import httpx

from benchmarks import bare_notify, prefect, servers
from benchmarks.arrivals import PAUSE_S, TIMEOUT_S, Arrivals, connected, timed
from benchmarks.contest import Contest, Figures, Scale, contestant, start
from benchmarks.live_log import live_log
from benchmarks.payloads import new_events
from benchmarks.servers import Server
from marcus_events.core.event import Event

SOCKETS, FRAME_BYTES = 200, 2_000
ENVELOPE_BYTES = 85  # position, time of recording and category, which a frame adds
PATH = "/ws/events/"
SUBSCRIBE = json.dumps({"action": "subscribe", "id": "a", "pattern": "*"}).encode()
NOTIFY, LOOP = "bare LISTEN/NOTIFY", "bare ASGI, Daphne"


def contests(scale: Scale) -> Iterator[Contest]:
    samples, frames = scale.of(200, 20), scale.of(20, 2)
    with ExitStack() as stack:
        up = start(stack, servers.marcus_daphne)
        yield Contest(
            "commit to WebSocket frame",
            NOTIFY,
            [
                contestant(
                    NOTIFY,
                    bare_notify.wake_up.__doc__,
                    up,
                    lambda up: bare_notify.wake_up(up.conninfo, samples, PAUSE_S),
                ),
                contestant("marcus_events", commit_to_frame.__doc__, up, lambda up: commit_to_frame(up, samples)),
            ],
        )
        bare = start(stack, servers.bare_daphne)
        yield Contest(
            f"a {FRAME_BYTES:,}-byte frame to {SOCKETS} WebSockets",
            LOOP,
            [
                contestant(LOOP, bare_to_all.__doc__, bare, lambda bare: bare_to_all(bare, frames)),
                contestant("marcus_events", log_to_all.__doc__, up, lambda up: log_to_all(up, frames)),
            ],
        )
        stream = start(stack, prefect.prefect_server)
        yield Contest(
            "HTTP request sent to WebSocket frame",
            "Prefect",
            [
                contestant("Prefect", prefect.post_to_frame.__doc__, stream, partial(prefect.post_to_frame, samples)),
                contestant("marcus_events", post_to_frame.__doc__, up, lambda up: post_to_frame(up, samples)),
            ],
        )


def commit_to_frame(server: Server, samples: int) -> Figures:
    """an event is committed by another process; until a subscribed WebSocket has its frame"""

    async def measure() -> Figures:
        with live_log(server.conninfo) as log:
            async with subscribed(server, 1) as arrivals:
                return await timed(samples, arrivals, new_events(), log.commit_async)

    return asyncio.run(measure())


def post_to_frame(server: Server, samples: int) -> Figures:
    """POST /api/events with one event; until a subscribed WebSocket has its frame"""

    async def measure() -> Figures:
        url = f"http://127.0.0.1:{server.port}/api/events"
        async with httpx.AsyncClient(headers=server.headers) as client, subscribed(server, 1) as arrivals:

            async def post(event: Event) -> float:
                body, sent_at = event.to_json(), time.perf_counter()
                headers = {"Content-Type": "application/json"}
                (await client.post(url, content=body, headers=headers)).raise_for_status()
                return sent_at

            return await timed(samples, arrivals, new_events(), post)

    return asyncio.run(measure())


def log_to_all(server: Server, frames: int) -> Figures:
    """an event is committed by another process; until all subscribed WebSockets have its frame"""

    async def measure() -> Figures:
        with live_log(server.conninfo) as log:
            async with subscribed(server, SOCKETS) as arrivals:
                return await timed(frames, arrivals, large_events(ENVELOPE_BYTES), log.commit_async)

    return asyncio.run(measure())


def bare_to_all(server: Server, frames: int) -> Figures:
    """a request is sent, whose body the application sends to every socket in a loop; until all have it"""

    async def measure() -> Figures:
        url = f"http://127.0.0.1:{server.port}/frames"
        async with httpx.AsyncClient() as client, connected(server, "/", SOCKETS) as arrivals:

            async def post(event: Event) -> float:
                body, sent_at = event.to_json(), time.perf_counter()
                (await client.post(url, content=body)).raise_for_status()
                return sent_at

            return await timed(frames, arrivals, large_events(0), post)

    return asyncio.run(measure())


@asynccontextmanager
async def subscribed(server: Server, number: int) -> AsyncIterator[Arrivals]:
    async with connected(server, PATH, number) as arrivals:
        ready = arrivals.expect('"caught_up"')
        for socket in arrivals.sockets:
            socket.send(SUBSCRIBE)
        async with asyncio.timeout(TIMEOUT_S):
            await ready
        yield arrivals


def large_events(envelope: int) -> Iterator[Event]:
    """Events of the run whose frames have about FRAME_BYTES; the envelope is what a frame has besides the event."""
    for event in new_events():
        size = len(replace(event, data=event.data | {"padding": ""}).to_json()) + envelope
        yield replace(event, data=event.data | {"padding": "x" * (FRAME_BYTES - size)})
