"""Publishing over HTTP: single durable events and batches, beside bare applications, COPY and Prefect."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from benchmarks import copying, prefect, servers
from benchmarks.contest import (
    RATE,
    Contest,
    Figures,
    Scale,
    contestant,
    percentiles,
    start,
)
from benchmarks.http_load import measure_load, post_requests
from benchmarks.payloads import batch_bodies, single_bodies
from benchmarks.servers import Server, wait_settled

CONNECTIONS = 16
BATCH = 100
PATH = "/api/events"
BARE, BARE_UVICORN = "bare ASGI, Daphne", "bare ASGI, uvicorn"
SECONDS, QUICK_SECONDS = 3.0, 0.3  # per round; the tables have to take in what is published before the next one


def contests(scale: Scale) -> Iterator[Contest]:
    seconds = QUICK_SECONDS if scale.is_quick else SECONDS
    with ExitStack() as stack:
        daphne, uvicorn = start(stack, servers.marcus_daphne), start(stack, servers.marcus_uvicorn)
        with ExitStack() as bare:
            bare_daphne, bare_uvicorn = start(bare, servers.bare_daphne), start(bare, servers.bare_uvicorn)
            single = lambda server: singles(server, seconds)  # noqa: E731
            yield Contest(
                f"HTTP, single durable events, {CONNECTIONS} connections",
                BARE,
                [
                    contestant(BARE, servers.bare_daphne.__doc__, bare_daphne, single),
                    contestant("marcus_events, Daphne", servers.marcus_daphne.__doc__, daphne, single),
                    contestant(BARE_UVICORN, servers.bare_uvicorn.__doc__, bare_uvicorn, single, BARE_UVICORN),
                    contestant("marcus_events, uvicorn", servers.marcus_uvicorn.__doc__, uvicorn, single, BARE_UVICORN),
                ],
            )
        batch = lambda server: batches(server, seconds)  # noqa: E731
        prefect_server = start(stack, prefect.prefect_server)
        yield Contest(
            f"HTTP, batches of {BATCH} durable events, {CONNECTIONS} connections",
            "COPY",
            [
                contestant("COPY", copying.copy.__doc__, daphne, lambda server: copy(server, seconds)),
                contestant("marcus_events, Daphne", servers.marcus_daphne.__doc__, daphne, batch),
                contestant("marcus_events, uvicorn", servers.marcus_uvicorn.__doc__, uvicorn, batch),
                contestant(
                    "Prefect, until queryable",
                    prefect.until_queryable.__doc__,
                    prefect_server,
                    lambda server: prefect.until_queryable(server, scale.of(20, 2)),
                ),
            ],
        )


def singles(server: Server, seconds: float) -> Figures:
    requests = post_requests(server.port, PATH, single_bodies(), server.headers)
    load = measure_load(server.port, requests, CONNECTIONS, seconds)
    settle(server)
    return {RATE: len(load.latencies) / load.seconds} | percentiles(load.latencies)


def batches(server: Server, seconds: float) -> Figures:
    requests = post_requests(server.port, PATH, batch_bodies(BATCH), server.headers)
    load = measure_load(server.port, requests, CONNECTIONS, seconds)
    settle(server)
    return {RATE: BATCH * len(load.latencies) / load.seconds}


def copy(server: Server, seconds: float) -> Figures:
    return copying.copy(server.conninfo, seconds)


def settle(server: Server) -> None:
    if server.conninfo:
        wait_settled(server)
