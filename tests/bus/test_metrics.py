"""What is counted: calls, failures and times per handler, events per type."""

from __future__ import annotations

import asyncio

from marcus_events import Event, Events
from marcus_events.bus import handler_metrics
from marcus_events.bus.handler_metrics import HandlerStats, TypeCounts
from tests.waiting import wait_until_async


async def test_handlers_are_counted_with_what_they_failed_with() -> None:
    events, allowed = Events(), asyncio.Event()

    async def handle(event: Event) -> None:
        if event.data["n"] == 1:
            raise ZeroDivisionError("one")
        if event.data["n"] == 2:
            await allowed.wait()

    events.subscribe("task_*", handle)
    await events.publish("task_a", "s", {"n": 0})
    await events.publish("task_a", "s", {"n": 1})
    await events.publish_nowait("task_b", "s", {"n": 2})
    await wait_until_async(lambda: events.metrics()["handlers"][0]["in_flight"] == 1)
    (row,) = events.metrics()["handlers"]
    assert row["pattern"] == "task_*"
    assert row["handler"].endswith("handle")
    assert (row["calls"], row["errors"], row["last_error"]) == (2, 1, "ZeroDivisionError: one")
    assert 0 < row["p50_ms"] <= row["p95_ms"] <= row["p99_ms"]
    allowed.set()
    await events.aclose()
    types = events.metrics()["types"]
    assert {name: found["count"] for name, found in types.items()} == {"task_a": 2, "task_b": 1}


def test_percentiles_are_those_of_the_durations() -> None:
    stats = HandlerStats("x", "handler")
    assert stats.as_dict()["p99_ms"] is None
    stats.durations.extend(n / 1_000 for n in range(101))
    stats.calls, stats.total_s = 101, sum(stats.durations)
    found = stats.as_dict()
    assert [round(found[name]) for name in ("mean_ms", "p50_ms", "p95_ms", "p99_ms")] == [50, 50, 95, 99]


def test_types_have_an_end_and_rates_forget() -> None:
    counts = TypeCounts()
    for n in range(handler_metrics.MAX_TYPES + 10):
        counts.add(f"type_{n}", 1_000.0)
    found = counts.as_dict()
    assert len(found) == handler_metrics.MAX_TYPES + 1
    assert found[handler_metrics.OTHERS] == {"count": 10, "per_second": 0.0}
