"""Publishes durable events at a steady rate, whatever happens to the database.

    python -m tests.bus.steady_publisher COUNT RATE SPOOL STORE_TIMEOUT

Prints one JSON object: how long publishing took in milliseconds, and what became of the events.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

import django


async def main(count: int, rate: float, spool: Path, store_timeout: float) -> None:
    from marcus_events.bus.events import Events
    from marcus_events.log_persistence import LogPersistence

    events, took = Events(persistence=LogPersistence(), spool=spool, store_timeout=store_timeout), list[float]()

    async def publish(n: int) -> None:
        began = time.perf_counter()
        await events.publish("task_progress", "steady", {"n": n})
        took.append(1_000 * (time.perf_counter() - began))

    start = time.perf_counter()
    async with asyncio.TaskGroup() as publishing:
        for n in range(count):
            await asyncio.sleep(max(0.0, start + n / rate - time.perf_counter()))
            publishing.create_task(publish(n))
    stored = await events._delivery.flush(60)
    took.sort()
    figures = {"median_ms": took[len(took) // 2], "p99_ms": took[len(took) * 99 // 100], "max_ms": took[-1]}
    print(json.dumps({"published": len(took), "all_stored": stored, **figures, **events.metrics()["storing"]}))
    await events.aclose()


if __name__ == "__main__":
    django.setup()
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3]), float(sys.argv[4])))
