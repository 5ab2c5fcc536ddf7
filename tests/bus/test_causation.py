"""Cause and effect travels by itself, and comes back as a tree."""

from __future__ import annotations

import asyncio
import threading
from contextvars import copy_context

from hypothesis import given
from hypothesis import strategies as st

from marcus_events import Event, Events, caused_by
from marcus_events.core.causal_tree import build_tree
from marcus_events.core.causation import current_event
from marcus_events.core.event import utc_now


def causes(event: Event) -> tuple[object, object]:
    metadata = event.metadata or {}
    return metadata.get("correlation_id"), metadata.get("causation_id")


async def test_what_is_published_by_a_handler_names_its_cause_and_its_beginning() -> None:
    events, effects = Events(), list[Event]()

    async def first(event: Event) -> None:
        effects.append(await events.publish("b", "s", {}, {"user": "ann"}))

    async def second(event: Event) -> None:
        effects.append(await events.publish_nowait("c", "s", {}))

    events.subscribe("a", first)
    events.subscribe("b", second)
    root = await events.publish("a", "s", {})
    assert causes(root) == (None, None)
    c, b = effects
    assert causes(b) == (root.event_id, root.event_id)
    assert b.metadata == {"correlation_id": root.event_id, "causation_id": root.event_id, "user": "ann"}
    assert causes(c) == (root.event_id, b.event_id)
    assert current_event() is None


async def test_it_travels_into_tasks_threads_and_work_that_nobody_waits_for() -> None:
    events, done = Events(), asyncio.Event()
    effects: dict[str, Event] = {}
    loop = asyncio.get_running_loop()

    async def publish(name: str) -> None:
        effects[name] = await events.publish(name, "s", {})
        if len(effects) == 4:
            done.set()

    def from_thread(name: str) -> None:
        asyncio.run_coroutine_threadsafe(publish(name), loop).result(180)

    async def handle(event: Event) -> None:
        task = asyncio.create_task(publish("task"))
        await asyncio.to_thread(from_thread, "thread")
        thread = threading.Thread(target=copy_context().run, args=(from_thread, "bare thread"))
        thread.start()
        await asyncio.to_thread(thread.join)
        await task

    events.subscribe("x", handle)
    events.subscribe("x", lambda event: from_loop(loop, publish("blocking")), in_thread=True)
    root = await events.publish_nowait("x", "s", {})
    await asyncio.wait_for(done.wait(), 20)
    assert {name: causes(event) for name, event in effects.items()} == dict.fromkeys(effects, (root.event_id,) * 2)
    await events.aclose()


def from_loop(loop: asyncio.AbstractEventLoop, work: object) -> None:
    asyncio.run_coroutine_threadsafe(work, loop).result(180)  # type: ignore[arg-type]


async def test_what_is_stated_goes_before_what_is_known() -> None:
    events = Events()
    cause = await events.publish("a", "s", {})
    with caused_by(cause):
        stated = await events.publish("b", "s", {}, {"correlation_id": "mine", "causation_id": "too"})
        known = await events.publish("b", "s", {})
        with caused_by(None):
            none = await events.publish("b", "s", {})
    assert [causes(e) for e in (stated, known, none)] == [("mine", "too"), (cause.event_id,) * 2, (None, None)]


async def test_a_trace_is_the_whole_tree_from_any_of_its_events() -> None:
    events, leaves = Events(), list[Event]()

    async def twice(event: Event) -> None:
        for _ in range(2):
            leaves.append(await events.publish("leaf", "s", {}))

    events.subscribe("branch", twice)
    root = await events.publish("root", "s", {})
    with caused_by(root):
        await events.publish("branch", "s", {})
        await events.publish("twig", "s", {})
    await events.publish("other", "s", {})
    trace = await events.trace(leaves[0])
    assert [event.event_type for event in trace] == ["root", "branch", "leaf", "leaf", "twig"]
    assert [line.split()[0] for line in str(trace).splitlines()] == ["root", "branch", "leaf", "leaf", "twig"]
    assert [len(line) - len(line.lstrip()) for line in str(trace).splitlines()] == [0, 2, 4, 4, 2]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=10))
def test_a_tree_holds_each_related_event_once_whatever_they_claim(claims: list[tuple[int, int]]) -> None:
    """Circles, causes that are missing, and events that name themselves."""
    events = [
        Event(f"e{n}", utc_now(), "x", "s", {}, {"correlation_id": "e0", "causation_id": f"e{cause}"})
        for n, cause in dict(claims).items()
    ]
    found = build_tree(events, "e0")
    assert sorted(e.event_id for e in found or ()) == sorted(e.event_id for e in events)
