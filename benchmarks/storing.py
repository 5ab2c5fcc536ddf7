"""How many durable events a second get into PostgreSQL, beside what the machine can write at all.

The limit is COPY of the same rows into a table with the same indexes, in commits of 500, with nothing else to do. It
writes no identities, as the log does beside its events.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any
from uuid import uuid4

from marcus_events.bus.events import Events
from marcus_events.log.connect import connect
from marcus_events.log_persistence import LogPersistence

AT_ONCE = 50  # tasks that publish one event after another
BATCH = 500
DATA = {"task_id": "task_17", "agent_id": "agent_claude_2", "progress": 50, "message": "half of the cart is there"}
METADATA = {"board_id": "storefront", "board_name": "Storefront"}
MADE_LIKE = "CREATE TABLE IF NOT EXISTS limit_of_copy (LIKE event INCLUDING ALL)"


def one_by_one(seconds: float) -> float:
    """each publish returns when its event is committed; 50 at the same time"""

    async def publish_all(events: Events, until: float) -> int:
        return sum(await asyncio.gather(*(publish_until(events, until) for _ in range(AT_ONCE))))

    return asyncio.run(counted(publish_all, seconds))


async def publish_until(events: Events, until: float) -> int:
    count = 0
    while time.perf_counter() < until:
        await events.publish("task_progress", "bench", DATA, METADATA)
        count += 1
    return count


def in_batches(seconds: float) -> float:
    """publish_batch of 500, one after another"""

    async def publish_all(events: Events, until: float) -> int:
        count = 0
        while time.perf_counter() < until:
            await events.publish_batch([("task_progress", "bench", DATA, METADATA)] * BATCH)
            count += BATCH
        return count

    return asyncio.run(counted(publish_all, seconds))


async def counted(publish_all: Any, seconds: float) -> float:
    async with Events(persistence=LogPersistence()) as events:
        begun = time.perf_counter()
        count: int = await publish_all(events, begun + seconds)
        took = time.perf_counter() - begun
        assert events.metrics()["storing"]["stored"] == count, "not everything was committed"
    return count / took


def copy(seconds: float) -> float:
    """COPY into an equal table, commits of 500 rows: the limit"""
    data, metadata, count = json.dumps(DATA), json.dumps(METADATA), 0
    with connect("benchmark", autocommit=True) as connection:
        connection.execute(MADE_LIKE)
        connection.execute("TRUNCATE limit_of_copy")
        begun = time.perf_counter()
        while (took := time.perf_counter() - begun) < seconds:
            with (
                connection.transaction(),
                connection.cursor() as cursor,
                cursor.copy(
                    "COPY limit_of_copy (position, recorded_at, event_id, source, event_type, timestamp, data,"
                    " metadata, board_id, task_id, agent_id) FROM STDIN"
                ) as rows,
            ):
                for n in range(count, count + BATCH):
                    now = "2026-05-04T09:00:00Z"
                    ids = ("storefront", "task_17", "agent_claude_2")
                    rows.write_row((n, now, uuid4().hex, "bench", "task_progress", now, data, metadata, *ids))
            count += BATCH
        connection.execute("DROP TABLE limit_of_copy")
    return count / took


CONTESTANTS = {"COPY": copy, "publish_batch": in_batches, "publish": one_by_one}


def measure(contestant: str, seconds: float) -> float:
    return CONTESTANTS[contestant](seconds)
