"""How many durable events a second one process gets into PostgreSQL, with the events of the bundled run.

Every contestant waits for its commits on the same server, with fsync on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from itertools import islice

from benchmarks import copying, event_sourcing
from benchmarks.contest import RATE, Contest, Contestant, Figures, Scale
from benchmarks.databases import database
from benchmarks.payloads import stated_events
from marcus_events.bus.events import Events
from marcus_events.log_persistence import LogPersistence

AT_ONCE = 50  # tasks that publish one event after another
BATCH = 500
MIN_S = 0.2  # below that, the first connection is what is measured


def contests(scale: Scale) -> Iterator[Contest]:
    seconds = max(2 * scale.seconds, MIN_S)
    with database() as conninfo:
        copy = Contestant.of("COPY", copying.copy, conninfo, seconds)
        yield Contest(
            "store in batches of 500",
            "COPY",
            [
                copy,
                Contestant.of("publish_batch", in_batches, seconds),
                Contestant.of("eventsourcing", event_sourcing.insert_in_batches, conninfo, BATCH, seconds),
            ],
        )
        yield Contest(
            "store one by one, 50 at once",
            "COPY",
            [
                copy,
                Contestant.of("publish", one_by_one, seconds),
                Contestant.of("eventsourcing", event_sourcing.insert_at_once, conninfo, AT_ONCE, 1, seconds),
            ],
        )


def one_by_one(seconds: float) -> Figures:
    """each publish returns when its event is committed; 50 at the same time"""

    async def publish_all(events: Events, until: float) -> int:
        return sum(await asyncio.gather(*(publish_until(events, until) for _ in range(AT_ONCE))))

    return asyncio.run(counted(publish_all, seconds))


async def publish_until(events: Events, until: float) -> int:
    count = 0
    for event_type, source, data, metadata in stated_events():
        if time.perf_counter() >= until:
            break
        await events.publish(event_type, source, data, metadata)
        count += 1
    return count


def in_batches(seconds: float) -> Figures:
    """publish_batch of 500, one after another"""

    async def publish_all(events: Events, until: float) -> int:
        stated, count = stated_events(), 0
        while time.perf_counter() < until:
            await events.publish_batch(list(islice(stated, BATCH)))
            count += BATCH
        return count

    return asyncio.run(counted(publish_all, seconds))


async def counted(publish_all: Callable[[Events, float], Awaitable[int]], seconds: float) -> Figures:
    async with Events(persistence=LogPersistence()) as events:
        begun = time.perf_counter()
        count = await publish_all(events, begun + seconds)
        took = time.perf_counter() - begun
        assert events.metrics()["storing"]["stored"] == count, "not everything was committed"
    return {RATE: count / took}
