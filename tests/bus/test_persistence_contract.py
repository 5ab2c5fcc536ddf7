"""What every persistence promises, in memory, in the log or at a dashboard elsewhere: to our Events and to Marcus's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.marcus_algorithm import MarcusEvents
from marcus_events import Events
from marcus_events.bus.memory_persistence import MemoryPersistence
from marcus_events.bus.persistence import BatchPersistence, Persistence
from marcus_events.client import Client
from marcus_events.core.event import Event, utc_now
from marcus_events.log_persistence import LogPersistence
from tests.running_server import Running

pytestmark = pytest.mark.usefixtures("log")


@pytest.fixture(scope="module")
def dashboard() -> Iterator[Running]:
    with Running() as running:
        yield running


@pytest.fixture(params=["memory", "log", "client"])
async def persistence(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[BatchPersistence]:
    if request.param == "memory":
        yield MemoryPersistence()
    elif request.param == "log":
        yield LogPersistence()
    else:
        running: Running = request.getfixturevalue("dashboard")
        async with Client(running.base_url, running.create_token(str(tmp_path)), spool=tmp_path) as client:
            yield client


def event(n: int, event_type: str = "x", source: str = "") -> Event:
    return Event(f"e{n}", utc_now(), event_type, source, {"n": n, "text": "ä €"}, {"user": "ann"})


async def test_what_is_stored_is_given_back_the_newest_oldest_first(
    persistence: BatchPersistence, tmp_path: Path
) -> None:
    here, there = str(tmp_path), f"{tmp_path} too"
    assert isinstance(persistence, Persistence)
    stored = [event(n, "x" if n % 2 else "y", here) for n in range(6)]
    for one in stored[:3]:
        await persistence.store_event(one)
    await persistence.store_events(stored[3:])
    await persistence.store_event(event(9, "x", there))
    assert await persistence.get_events(source=here) == stored
    assert await persistence.get_events(source=here, limit=2) == stored[-2:]
    assert await persistence.get_events(event_type="x", source=here) == stored[1::2]
    assert await persistence.get_events("x", here, 1) == stored[5:]
    assert await persistence.get_events(source="nobody") == []


async def test_the_same_event_again_is_one_event(persistence: BatchPersistence, tmp_path: Path) -> None:
    one = event(1, source=str(tmp_path))
    await persistence.store_event(one)
    await persistence.store_event(one)
    await persistence.store_events([one, one])
    assert await persistence.get_events(source=str(tmp_path)) == [one]


@pytest.mark.parametrize("kind", [Events, MarcusEvents])
async def test_an_events_stores_and_reads_through_it(
    kind: Callable[..., Any], persistence: BatchPersistence, tmp_path: Path
) -> None:
    events, heard = kind(persistence=persistence), list[Event]()

    async def hear(event: Event) -> None:
        heard.append(event)

    events.subscribe("x", hear)
    published = [await events.publish("x", str(tmp_path), {"n": n}, {"user": "ann"}) for n in range(3)]
    assert heard == published
    assert await events.get_history("x", str(tmp_path)) == published
    if isinstance(events, Events):
        await events.aclose()
