"""A persistence that fails, hangs, refuses or comes back: publishing goes on, and what can be stored is, once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

import pytest

from marcus_events import Event, Events
from marcus_events.bus import circuit_breaker, store_attempts
from marcus_events.bus.delivery import Delivery
from marcus_events.bus.memory_persistence import MemoryPersistence
from marcus_events.bus.persistence import RejectedEvents
from marcus_events.bus.spool import Spool
from marcus_events.core.event import utc_now
from tests.waiting import TIMEOUT_S, wait_until_async


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(circuit_breaker, "FIRST_PAUSE_S", 0.005)
    monkeypatch.setattr(circuit_breaker, "LONGEST_PAUSE_S", 0.02)


class Fickle(MemoryPersistence):
    """Keeps events, unless it was told what to do instead."""

    def __init__(self) -> None:
        super().__init__(limit=100_000)
        self.failure: BaseException | str | None = None
        self.poison: set[str] = set()
        self.calls = 0

    async def store_event(self, event: Event) -> None:
        self.calls += 1
        await self.suffer()
        if event.event_id in self.poison:
            raise ValueError("poison")
        await super().store_event(event)

    async def suffer(self) -> None:
        if self.failure == "hang":
            await asyncio.Event().wait()
        while self.failure == "hang on":
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                continue
        if isinstance(self.failure, BaseException):
            raise self.failure

    @property
    def ids(self) -> list[str]:
        return [event_id for _, event_id in self._order]


class InOneCommit(Fickle):
    async def store_events(self, events: Sequence[Event]) -> None:
        await self.suffer()
        if self.poison & {event.event_id for event in events}:
            raise ValueError("poison in the batch")
        for event in events:
            await super().store_event(event)


def event(event_id: str, **data: object) -> Event:
    return Event(event_id, utc_now(), "x", "s", data, {})


def ids(count: int, start: int = 0) -> list[str]:
    return [f"e{n}" for n in range(start, start + count)]


FAILURES = [OSError("disk full"), SystemExit(1), KeyboardInterrupt(), asyncio.CancelledError(), "hang", "hang on"]


@pytest.mark.parametrize("failure", FAILURES, ids=repr)
@pytest.mark.parametrize("on_disk", [True, False], ids=["spool", "memory"])
async def test_what_could_not_be_stored_is_stored_later_in_its_order(
    failure: BaseException | str, on_disk: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fickle = InOneCommit()
    delivery = Delivery(lambda: fickle, spool=tmp_path / "0.db" if on_disk else None, timeout_s=0.01)
    with caplog.at_level(logging.INFO):
        await delivery.store([event("before")])
        fickle.failure = failure
        for event_id in ids(50):
            await asyncio.wait_for(delivery.store([event(event_id)]), 20)
        assert (delivery.metrics()["circuit"], delivery.metrics()["waiting"]) == ("open", 50)
        fickle.failure = None
        assert await delivery.flush(20)
    assert fickle.ids == ["before", *ids(50)]
    assert caplog.text.count("cannot be stored") == 1
    assert caplog.text.count("events are stored again; 50 of them were late") == 1
    await wait_until_async(lambda: delivery.metrics()["circuit"] == "closed")
    found = delivery.metrics()
    assert (found["stored"], found["spooled"], found["waiting"], found["lost"]) == (51, 50, 0, 0)
    await delivery.aclose()


def raise_at_once(event: Event) -> object:
    raise OSError("away")


@pytest.mark.parametrize("store_event", [raise_at_once, lambda event: None])
async def test_a_persistence_that_returns_nothing_to_wait_for_fails_no_publishing(store_event: object) -> None:
    broken = MemoryPersistence()
    broken.store_event = store_event  # type: ignore[method-assign, assignment]
    events = Events(persistence=broken)
    event = await events.publish("x", "s", {})
    assert (events.metrics()["storing"]["circuit"], events.metrics()["storing"]["waiting"]) == ("open", 1)
    del broken.store_event
    await events.aclose()
    assert await broken.get_events() == [event]


async def test_who_was_waiting_when_the_circuit_opens_is_let_go() -> None:
    fickle = Fickle()
    delivery = Delivery(lambda: fickle, timeout_s=20)
    fickle.failure = "hang"
    waiting = [asyncio.create_task(delivery.store([event(event_id)])) for event_id in ids(20)]
    await wait_until_async(lambda: fickle.calls == 20)
    fickle.failure = OSError("disk full")
    await asyncio.wait_for(delivery.store([event("e20")]), 20)
    await asyncio.wait_for(asyncio.gather(*waiting), 20)
    fickle.failure = None
    assert await delivery.flush(20)
    assert sorted(fickle.ids) == sorted(ids(21))
    await delivery.aclose()


async def test_attempts_that_hang_together_are_given_up_together(caplog: pytest.LogCaptureFixture) -> None:
    fickle = Fickle()
    delivery = Delivery(lambda: fickle, timeout_s=0.05)
    fickle.failure = "hang"
    attempts = [delivery.store([event(event_id)]) for event_id in ids(20)]
    await asyncio.wait_for(asyncio.gather(*attempts), 20)
    assert (delivery.metrics()["circuit"], delivery.metrics()["waiting"]) == ("open", 20)
    assert {record.levelname for record in caplog.records} == {"WARNING"}
    fickle.failure = None
    assert await delivery.flush(20)
    assert sorted(fickle.ids) == sorted(ids(20))
    await delivery.aclose()


async def test_what_is_refused_for_good_is_counted_and_opens_nothing(caplog: pytest.LogCaptureFixture) -> None:
    class Strict(MemoryPersistence):
        async def store_event(self, event: Event) -> None:
            if event.data.get("bad"):
                raise RejectedEvents({0: "/data/bad: is bad"})
            await super().store_event(event)

    strict = Strict()
    delivery = Delivery(lambda: strict)
    await delivery.store([event("a")])
    await delivery.store([event("b", bad=True)])
    await delivery.store([event("c")])
    assert [e.event_id for e in await strict.get_events()] == ["a", "c"]
    assert (delivery.metrics()["refused"], delivery.metrics()["circuit"]) == (1, "closed")
    assert "/data/bad: is bad" in caplog.text
    await delivery.aclose()


async def test_what_is_refused_is_counted_also_when_a_later_event_of_the_batch_fails() -> None:
    class OneByOne:
        """A persistence that takes no batches."""

        def __init__(self) -> None:
            self.ids: list[str] = []
            self.is_away = True

        async def store_event(self, event: Event) -> None:
            if event.data.get("bad"):
                raise RejectedEvents({0: "/data/bad: is bad"})
            if event.event_id == "c" and self.is_away:
                raise OSError("away")
            self.ids = [*dict.fromkeys([*self.ids, event.event_id])]

        async def get_events(
            self, event_type: str | None = None, source: str | None = None, limit: int = 100
        ) -> list[Event]:
            return []

    one_by_one = OneByOne()
    delivery = Delivery(lambda: one_by_one)
    await delivery.store([event("a", bad=True), event("b"), event("c")])
    one_by_one.is_away = False
    assert await delivery.flush(20)
    assert (one_by_one.ids, delivery.metrics()["refused"], delivery.metrics()["stored"]) == (["b", "c"], 1, 2)
    await delivery.aclose()


@pytest.mark.parametrize("kind", [Fickle, InOneCommit])
async def test_one_event_that_always_fails_holds_up_no_other(
    kind: type[Fickle], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fickle = kind()
    fickle.poison = {"e3"}
    delivery = Delivery(lambda: fickle, spool=tmp_path / "0.db")
    fickle.failure = OSError("away")
    await delivery.store([event(event_id) for event_id in ids(10)])
    fickle.failure = None
    assert await delivery.flush(20)
    assert sorted(fickle.ids) == sorted(set(ids(10)) - {"e3"})
    assert delivery.metrics()["set_aside"] == 1
    assert "e3 cannot be stored and was set aside: ValueError: poison" in caplog.text
    await delivery.aclose()
    assert [(e.event_id, reason) for _, e, reason in Spool(tmp_path / "0.db").aside()] == [("e3", "ValueError: poison")]


async def test_what_a_program_left_on_disk_is_stored_by_the_next_before_anything_new(tmp_path: Path) -> None:
    fickle = Fickle()
    fickle.failure = OSError("away")
    first = Delivery(lambda: fickle, spool=tmp_path / "0.db")
    await first.store([event(event_id) for event_id in ids(3)])
    await first.aclose(0)
    fickle.failure = None
    second = Delivery(lambda: fickle, spool=tmp_path / "0.db")
    await second.store([event("new")])
    assert await second.flush(20)
    assert fickle.ids == [*ids(3), "new"]
    await second.aclose()


async def test_memory_flows_over_to_disk_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    fickle = Fickle()
    fickle.failure = OSError("away")
    delivery = Delivery(lambda: fickle, max_in_memory=10)
    for event_id in ids(100):
        await delivery.store([event(event_id)])
    assert len(list(tmp_path.glob("*/0.db"))) == 1
    fickle.failure = None
    assert await delivery.flush(20)
    assert fickle.ids == ids(100)
    await delivery.aclose()
    assert list(tmp_path.iterdir()) == []


async def test_what_is_left_at_the_end_is_on_disk_and_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    fickle = Fickle()
    fickle.failure = OSError("away")
    delivery = Delivery(lambda: fickle)
    await delivery.store([event("a")])
    await delivery.aclose(0)
    (left,) = tmp_path.glob("*/0.db")
    assert f"1 events were not stored; Events(spool='{left}') stores them" in caplog.text
    fickle.failure = None
    async with Events(persistence=fickle, spool=left) as events:
        await events.publish("x", "s", {})
    assert fickle.ids[0] == "a"


async def test_when_the_disk_fails_too_memory_takes_it_and_what_is_lost_is_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fickle = Fickle()
    fickle.failure = OSError("away")
    spool = Spool(tmp_path / "0.db", max_bytes=100 * 1024)
    delivery = Delivery(lambda: fickle, spool=spool, max_in_memory=10)
    for event_id in ids(100):
        await delivery.store([event(event_id, text="x" * 5_000)])
    lost, waiting = delivery.metrics()["lost"], delivery.metrics()["waiting"]
    assert lost > 0
    assert lost + waiting == 100
    assert caplog.text.count("the spool fails") == 1
    assert caplog.text.count("events are lost") == 1
    fickle.failure = None
    assert await delivery.flush(20)
    assert len(fickle.ids) == waiting
    await delivery.aclose()


async def test_who_gives_up_publishing_does_not_undo_it() -> None:
    fickle, allowed = Fickle(), asyncio.Event()

    class Slow(MemoryPersistence):
        async def store_event(self, event: Event) -> None:
            await allowed.wait()
            await fickle.store_event(event)

    slow = Slow()
    delivery = Delivery(lambda: slow)
    waiting = asyncio.create_task(delivery.store([event("a")]))
    await asyncio.sleep(0)
    waiting.cancel()
    allowed.set()
    await wait_until_async(lambda: fickle.ids == ["a"])
    await delivery.aclose()


def test_it_goes_on_in_another_event_loop() -> None:
    fickle = Fickle()
    events = Events(persistence=fickle)
    fickle.failure = OSError("away")
    asyncio.run(publish(events))
    fickle.failure = None
    asyncio.run(publish_and_flush(events))
    assert len(fickle.ids) == 2


async def publish(events: Events) -> None:
    await events.publish("x", "s", {})


async def publish_and_flush(events: Events) -> None:
    await events.publish("x", "s", {})
    await events.aclose()


class Paced(Fickle):
    """Asks publishers to slow down, or cannot tell."""

    def __init__(self) -> None:
        super().__init__()
        self.asks: bool | Exception = True
        self.asked = 0

    def is_slowing(self) -> bool:
        self.asked += 1
        if isinstance(self.asks, Exception):
            raise self.asks
        return self.asks


async def test_a_persistence_that_asks_to_slow_down_is_waited_for_and_then_stores(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(store_attempts, "MAX_PACE_S", TIMEOUT_S)
    paced = Paced()
    events = Events(persistence=paced)
    publishing = asyncio.create_task(events.publish("x", "me", {}))
    await wait_until_async(lambda: paced.asked > 1)
    assert not paced.ids
    paced.asks = False
    event = await publishing
    assert paced.ids == [event.event_id]
    assert (events.metrics()["storing"]["slowed"], events.metrics()["storing"]["circuit"]) == (1, "closed")
    await events.aclose()


async def test_what_waits_is_stored_when_the_events_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_attempts, "MAX_PACE_S", 0.3)
    paced = Paced()
    events = Events(persistence=paced)
    publishing = asyncio.create_task(events.publish("x", "me", {}))
    await wait_until_async(lambda: paced.asked)
    await events.aclose()
    assert paced.ids == [(await publishing).event_id]
    assert (events.metrics()["storing"]["lost"], events.metrics()["storing"]["waiting"]) == (0, 0)


async def test_what_waits_while_the_circuit_opens_is_kept_behind_what_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_attempts, "MAX_PACE_S", TIMEOUT_S)
    paced = Paced()
    events = Events(persistence=paced)
    second = asyncio.create_task(events.publish("second", "me", {}))
    await wait_until_async(lambda: paced.asked > 1)
    paced.asks, paced.failure = False, OSError("away")
    first = await events.publish("first", "me", {})
    await second
    assert events.metrics()["storing"]["circuit"] == "open"
    paced.failure = None
    await events.aclose()
    assert sorted(paced.ids) == sorted([first.event_id, second.result().event_id])


async def test_a_persistence_that_cannot_tell_whether_to_slow_down_stores_at_once() -> None:
    paced = Paced()
    paced.asks = RuntimeError("no idea")
    events = Events(persistence=paced)
    event = await events.publish("x", "me", {})
    assert paced.ids == [event.event_id]
    assert events.metrics()["storing"]["slowed"] == 0
    await events.aclose()
