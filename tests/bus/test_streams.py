"""Waiting, collecting and streaming: no event is missed, and nothing is left behind."""

from __future__ import annotations

import asyncio
import gc
import logging
import tracemalloc

import pytest

from marcus_events import Event, Events
from marcus_events.bus.streams import BUFFER, Stream
from tests.waiting import wait_until_async


async def test_what_was_published_before_the_call_is_found_after_an_event() -> None:
    events = Events()
    question = await events.publish("task_blocked", "agent", {"task_id": "t1"})
    await events.publish("blocker_resolved", "ann", {"task_id": "t2"})
    answer = await events.publish("blocker_resolved", "ann", {"task_id": "t1"})
    await events.publish("blocker_resolved", "ann", {"task_id": "t1"})
    assert await events.wait_for_event("blocker_*", 0, after=question, where={"data.task_id": "t1"}) == answer
    assert await events.wait_for_event("task_blocked", 0.01, after=question) is None


async def test_an_event_that_answers_from_within_its_cause_is_not_missed() -> None:
    """Published and answered before the publisher gets to wait."""
    events = Events()

    async def answer(event: Event) -> None:
        await events.publish("answer", "s", {})

    events.subscribe("question", answer)
    question = await events.publish("question", "s", {})
    found = await events.wait_for_event("answer", 20, after=question)
    assert found is not None


async def test_waiting_many_times_leaves_nothing_behind() -> None:
    events = Events(store_history=True)
    for _ in range(500):
        waiting = asyncio.create_task(events.wait_for_event("x", 20))
        await asyncio.sleep(0)
        await events.publish("x", "s", {})
        assert await waiting
        assert await events.wait_for_event(["x", "y*"], 0) is None
    cancelled = asyncio.create_task(events.wait_for_event("x"))
    await asyncio.sleep(0)
    cancelled.cancel()
    await asyncio.gather(cancelled, return_exceptions=True)
    assert events.subscribers == {}
    assert len(events.metrics()["handlers"]) <= 2


async def test_collecting_sees_what_is_published_within_the_block() -> None:
    events = Events()
    await events.publish("task_started", "s", {})
    async with events.collect("task_*", where={"data.n": [1, 2]}) as seen:
        published = [await events.publish("task_progress", "s", {"n": n}) for n in range(4)]
        later = asyncio.create_task(events.publish("task_completed", "s", {"n": 2}))
        await seen.wait_for(3, timeout=20)
    await events.publish("task_progress", "s", {"n": 1})
    assert seen == [*published[1:3], await later]
    assert events.subscribers == {}
    with pytest.raises(TimeoutError):
        await seen.wait_for(9, timeout=0.01)


async def test_a_stream_gives_what_is_published_from_its_making_on() -> None:
    events = Events()
    stream = events.stream("task_*")
    published = [await events.publish("task_progress", "s", {"n": n}) for n in range(3)]
    await events.publish("error", "s", {})
    stream.close()
    assert [event async for event in stream] == published
    assert events.subscribers == {}


async def test_a_stream_ends_with_its_block_or_when_it_is_forgotten() -> None:
    events = Events()
    async with events.stream("x") as stream:
        await events.publish("x", "s", {})
        async for _ in stream:
            break
    assert events.subscribers == {}
    async for _ in published_soon(events):
        break
    gc.collect()
    assert events.subscribers == {}


def published_soon(events: Events) -> Stream:
    stream = events.stream("x")
    asyncio.get_running_loop().call_soon(lambda: asyncio.ensure_future(events.publish("x", "s", {})))
    return stream


async def test_who_reads_too_slowly_holds_up_nobody_and_is_told_how_much_was_missed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    events = Events()
    stream = events.stream("x")
    with caplog.at_level(logging.WARNING):
        for n in range(BUFFER + 10):
            await events.publish("x", "s", {"n": n})
    read = [(await anext(stream)).data["n"] for _ in range(BUFFER)]
    assert (read, stream.missed) == (list(range(BUFFER)), 10)
    assert caplog.text.count("is read too slowly") == 1
    waiting = asyncio.create_task(anext(stream))
    await asyncio.sleep(0)
    again = await events.publish("x", "s", {"n": -1})
    assert await waiting == again


async def test_memory_stays_where_it_is() -> None:
    """Many publishes with history, handlers, types of all kinds and waiting: what is kept has an end."""
    events = Events(store_history=True)
    events.subscribe("type_*", lambda event: None)
    await publish_much(events, 20_000)
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        await publish_much(events, 20_000)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    # What is traced replaces the 1,000 events of history, which were made before tracing began: some 700 bytes each.
    assert grown < 3_000_000
    await wait_until_async(lambda: events.metrics()["in_flight"] == 0)


async def publish_much(events: Events, count: int) -> None:
    for n in range(count):
        await events.publish(f"type_{n}", "s", {"n": n})
        if n % 100 == 0:
            await events.publish_nowait("type_1", "s", {})
            assert await events.wait_for_event("type_none", 0) is None
