"""Events: the documented interface, and that one subscriber's trouble is nobody else's."""

from __future__ import annotations

import asyncio
import gc
import logging
import weakref

import pytest

from marcus_events import Event, Events, EventTypes
from marcus_events.core.bus import HISTORY_LIMIT
from tests.waiting import wait_until_async


class Kept:
    """A place that keeps events in memory, as any other project might write one."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    async def store_event(self, event: Event) -> None:
        self.events.append(event)

    async def get_events(
        self, event_type: str | None = None, source: str | None = None, limit: int = 100
    ) -> list[Event]:
        return [event for event in self.events if event_type in (None, event.event_type)][-limit:]


class Broken(Kept):
    async def store_event(self, event: Event) -> None:
        raise OSError("disk full")

    async def get_events(
        self, event_type: str | None = None, source: str | None = None, limit: int = 100
    ) -> list[Event]:
        raise OSError("disk gone")


async def test_subscribers_of_a_type_and_of_all_get_the_event_that_is_returned() -> None:
    events, heard = Events(), list[tuple[str, Event]]()
    events.subscribe(EventTypes.TASK_STARTED, lambda event: heard.append(("plain", event)))

    async def later(event: Event) -> None:
        await asyncio.sleep(0)
        heard.append(("async", event))

    events.subscribe("*", later)
    events.subscribe("task_completed", lambda event: heard.append(("other", event)))
    event = await events.publish("task_started", "agent_1", {"task_id": "t1"}, {"user": "ann"})
    assert heard == [("plain", event), ("async", event)]
    assert (event.event_type, event.source, event.data) == ("task_started", "agent_1", {"task_id": "t1"})
    assert event.metadata == {"user": "ann"}
    assert event.timestamp.utcoffset() is not None


async def test_every_event_has_an_id_of_its_own() -> None:
    events = Events()
    assert len({(await events.publish("x", "s", {})).event_id for _ in range(100)}) == 100


async def test_who_has_unsubscribed_hears_no_more() -> None:
    events, heard = Events(), list[Event]()
    events.subscribe("x", heard.append)
    events.unsubscribe("x", heard.append)
    events.unsubscribe("x", heard.append)
    events.unsubscribe("y", heard.append)
    await events.publish("x", "s", {})
    assert (heard, events.subscribers) == ([], {})


def fail_at_once(event: Event) -> None:
    raise ZeroDivisionError("at once")


async def fail_later(event: Event) -> None:
    await asyncio.sleep(0)
    raise ZeroDivisionError("later")


async def await_what_is_cancelled(event: Event) -> None:
    gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    gone.cancel()
    await gone


@pytest.mark.parametrize("failing", [fail_at_once, fail_later, await_what_is_cancelled])
@pytest.mark.parametrize("first", [True, False])
async def test_a_handler_that_fails_touches_neither_publisher_nor_others(
    failing: object, first: bool, caplog: pytest.LogCaptureFixture
) -> None:
    events, heard = Events(), list[Event]()
    for handler in (failing, heard.append) if first else (heard.append, failing):
        events.subscribe("x", handler)  # type: ignore[arg-type]
    event = await events.publish("x", "s", {})
    assert heard == [event]
    assert f"{failing.__name__} failed on event {event.event_id}" in caplog.text  # type: ignore[attr-defined]


async def test_who_gives_up_the_publishing_is_held_by_no_handler_and_blames_none(
    caplog: pytest.LogCaptureFixture,
) -> None:
    events, started = Events(), asyncio.Event()

    async def wait_for_ever(event: Event) -> None:
        started.set()
        await asyncio.Event().wait()

    events.subscribe("x", wait_for_ever)
    publishing = asyncio.create_task(events.publish("x", "s", {}))
    await started.wait()
    publishing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(publishing, 20)
    assert caplog.text == ""


async def test_a_slow_handler_holds_up_no_other() -> None:
    events, heard = Events(), asyncio.Event()

    async def wait_for_the_other(event: Event) -> None:
        await heard.wait()

    events.subscribe("x", wait_for_the_other)
    events.subscribe("x", lambda event: heard.set())
    await asyncio.wait_for(events.publish("x", "s", {}), 20)


@pytest.mark.parametrize("nowait", [True, False])
async def test_publishing_need_not_wait_for_handlers(nowait: bool) -> None:
    events, allowed, heard = Events(), asyncio.Event(), asyncio.Event()

    async def when_allowed(event: Event) -> None:
        await allowed.wait()
        heard.set()

    events.subscribe("x", when_allowed)
    if nowait:
        await events.publish_nowait("x", "s", {})
    else:
        await events.publish("x", "s", {}, wait_for_handlers=False)
    assert not heard.is_set()
    allowed.set()
    await asyncio.wait_for(heard.wait(), 20)


async def test_a_handler_that_nobody_waits_for_is_held_until_it_is_done() -> None:
    """The event loop itself holds only what is about to run."""
    events, heard = Events(), asyncio.Event()
    answers: weakref.WeakSet[asyncio.Future[None]] = weakref.WeakSet()

    async def when_answered(event: Event) -> None:
        answers.add(answer := asyncio.get_running_loop().create_future())
        await answer
        heard.set()

    events.subscribe("x", when_answered)
    await events.publish_nowait("x", "s", {})
    await wait_until_async(lambda: len(answers))
    gc.collect()
    for answer in answers:
        answer.set_result(None)
    await asyncio.wait_for(heard.wait(), 20)


async def test_waiting_for_an_event_gives_the_next_of_its_type() -> None:
    events = Events()
    waiting = asyncio.create_task(events.wait_for_event("x", timeout=20))
    await asyncio.sleep(0)
    await events.publish("y", "s", {})
    event = await events.publish("x", "s", {})
    await events.publish("x", "s", {})
    assert await waiting == event
    assert events.subscribers == {}


async def test_waiting_ends_with_none_and_leaves_no_subscription() -> None:
    events = Events()
    assert await events.wait_for_event("x", timeout=0.01) is None
    assert events.subscribers == {}


async def test_history_in_memory_is_kept_only_when_asked_for_and_never_without_bounds() -> None:
    events, forgetful = Events(store_history=True), Events()
    for n in range(HISTORY_LIMIT + 10):
        await events.publish("x" if n % 2 else "y", "s", {"n": n})
        await forgetful.publish("x", "s", {})
    assert len(events.history) == HISTORY_LIMIT
    assert [event.data["n"] for event in await events.get_history("x", limit=2)] == [1007, 1009]
    assert await events.get_history("x", source="other") == []
    assert await events.get_history(limit=0) == []
    assert await forgetful.get_history() == []
    events.clear_history()
    assert await events.get_history() == []


async def test_history_comes_from_persistence_where_there_is_one() -> None:
    kept = Kept()
    event = await Events(persistence=kept).publish("x", "s", {})
    assert await Events(persistence=kept).get_history("x") == [event]


async def test_publishing_goes_on_when_persistence_fails(caplog: pytest.LogCaptureFixture) -> None:
    events, heard = Events(store_history=True, persistence=Broken()), list[Event]()
    events.subscribe("x", heard.append)
    with caplog.at_level(logging.WARNING):
        event = await events.publish("x", "s", {})
        assert await events.get_history() == [event]
    assert heard == [event]
    assert f"event {event.event_id} was published but not stored" in caplog.text
    assert "history comes from memory" in caplog.text
