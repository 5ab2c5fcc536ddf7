"""Events: the documented interface, and that one subscriber's trouble is nobody else's."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC

import pytest

from marcus_events import Event, Events, EventTypes
from marcus_events.bus.events import HISTORY_LIMIT


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


class Gone(Kept):
    async def get_events(
        self, event_type: str | None = None, source: str | None = None, limit: int = 100
    ) -> list[Event]:
        raise OSError("disk gone")


async def test_history_comes_from_memory_when_persistence_does_not_answer(caplog: pytest.LogCaptureFixture) -> None:
    events = Events(store_history=True, persistence=Gone())
    event = await events.publish("x", "s", {})
    assert await events.get_history() == [event]
    assert "history comes from memory" in caplog.text


async def test_ids_tell_count_and_time_and_times_are_in_utc() -> None:
    events = Events()
    first, second = [await events.publish("x", "s", {}) for _ in range(2)]
    assert first.event_id == f"evt_1_{first.timestamp.timestamp()}"
    assert second.event_id == f"evt_2_{second.timestamp.timestamp()}"
    assert events._event_counter == 2
    assert first.timestamp.tzinfo is UTC


async def test_the_newest_events_are_kept_as_many_as_asked_for() -> None:
    events = Events(store_history=True, history_limit=3)
    for n in range(5):
        await events.publish("x", "s", {"n": n})
    assert [event.data["n"] for event in events.history] == [2, 3, 4]


def test_subscribers_can_be_looked_at_and_changed_like_a_dict_of_lists() -> None:
    events, heard = Events(), list[Event]()

    def handler(event: Event) -> None:
        heard.append(event)

    assert events.subscribers == {}
    events.subscribe("x", handler)
    assert handler in events.subscribers["x"]
    assert events.subscribers == {"x": [handler]}
    events.subscribers["x"].append(heard.append)
    events.subscribers.setdefault("y", []).append(heard.append)
    event = asyncio.run(events.publish("x", "s", {}))
    other = asyncio.run(events.publish("y", "s", {}))
    assert heard == [event, event, other]
    events.unsubscribe("x", handler)
    assert handler not in events.subscribers["x"]
    events.subscribers = {"x": [handler]}
    event = asyncio.run(events.publish("x", "s", {}))
    assert heard[3:] == [event]


async def test_a_batch_is_stored_at_once_and_handled_in_its_order() -> None:
    kept = Together()
    events, heard = Events(persistence=kept), list[int]()

    async def slower_at_first(event: Event) -> None:
        for _ in range(10 - event.data["n"]):
            await asyncio.sleep(0)
        heard.append(event.data["n"])

    events.subscribe("*", slower_at_first)
    published = await events.publish_batch(
        [("x", "s", {"n": 0}), ("y", "s", {"n": 1}, {"user": "ann"}), ("x", "s", {"n": 2})]
    )
    assert heard == [0, 1, 2]
    assert kept.commits == [published]
    assert published[1].metadata == {"user": "ann"}


class Together(Kept):
    def __init__(self) -> None:
        super().__init__()
        self.commits: list[list[Event]] = []

    async def store_events(self, events: Sequence[Event]) -> None:
        self.commits.append(list(events))


async def test_it_can_be_closed_and_lets_handlers_finish_before() -> None:
    events, heard = Events(), list[Event]()

    async def later(event: Event) -> None:
        for _ in range(5):
            await asyncio.sleep(0)
        heard.append(event)

    events.subscribe("x", later)
    event = await events.publish_nowait("x", "s", {})
    assert heard == []
    await events.aclose()
    assert heard == [event]
