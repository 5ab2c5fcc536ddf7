"""Calls that run are held until they end, and each is given up when its own time is up."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from marcus_events import Events
from marcus_events.core.event import Event
from tests.waiting import wait_until_async


class Handlers:
    """Some that hang, with time limits; `given_up` has those whose time was up, in that order."""

    def __init__(self, events: Events) -> None:
        self.events = events
        self.given_up: list[str] = []

    def hang(self, event_type: str, timeout: float) -> None:
        self.events.subscribe(event_type, partial(self.hang_as, event_type), timeout=timeout)

    async def hang_as(self, name: str, event: Event) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.given_up.append(name)


async def test_each_is_given_up_after_its_own_time_and_in_that_order() -> None:
    handlers = Handlers(events := Events())
    for name, timeout in (("slow", 0.2), ("quick", 0.02), ("between", 0.1)):
        handlers.hang(name, timeout)
    await asyncio.gather(*(events.publish(name, "s", {}) for name in ("slow", "quick", "between", "quick")))
    await asyncio.sleep(0)
    assert handlers.given_up == ["quick", "quick", "between", "slow"]
    assert len(events._dispatcher.running) == 0


async def test_one_that_ends_in_time_costs_the_next_nothing() -> None:
    """The timer was set for the first one; it is set again for who began later."""
    handlers = Handlers(events := Events())

    async def end_soon(event: Event) -> None:
        await asyncio.sleep(0)

    events.subscribe("begins", end_soon, timeout=0.05)
    handlers.hang("hangs", 0.05)
    await events.publish("begins", "s", {})
    await asyncio.sleep(0.03)
    began = asyncio.get_running_loop().time()
    await events.publish("hangs", "s", {})
    assert asyncio.get_running_loop().time() - began >= 0.045
    await asyncio.sleep(0)
    assert handlers.given_up == ["hangs"]


async def test_handlers_of_one_event_are_given_up_after_the_limit_of_each() -> None:
    handlers, limits = Handlers(events := Events()), {"slow": 0.2, "quick": 0.02, "between": 0.1}
    for name, timeout in limits.items():
        events.subscribe("x", partial(handlers.hang_as, name), timeout=timeout)
    events.subscribe("x", lambda event: asyncio.sleep(0))
    await events.publish("x", "s", {})
    await asyncio.sleep(0)
    assert handlers.given_up == ["quick", "between", "slow"]
    assert len(events._dispatcher.running) == 0


async def test_a_handler_keeps_its_limit_when_the_publishing_is_given_up_as_it_begins() -> None:
    handlers = Handlers(events := Events())
    handlers.hang("x", 0.02)
    publishing = asyncio.create_task(events.publish("x", "s", {}))
    await asyncio.sleep(0)
    publishing.cancel()
    await wait_until_async(lambda: handlers.given_up == ["x"])
    (row,) = events.metrics()["handlers"]
    assert (row["calls"], row["timeouts"], row["in_flight"]) == (1, 1, 0)
    assert publishing.cancelled()


@pytest.mark.parametrize("timeout", [None, 30.0])
async def test_nothing_is_held_of_what_has_ended(timeout: float | None) -> None:
    events = Events(handler_timeout=timeout)

    async def handler(event: Event) -> None:
        await asyncio.sleep(0)

    events.subscribe("x", handler)
    for _ in range(100):
        await events.publish("x", "s", {})
    assert len(events._dispatcher.running) == 0


def test_another_event_loop_begins_anew() -> None:
    """What hung in a loop that has ended never ends; nobody waits for it, and its limit is minded in the next one."""
    handlers = Handlers(events := Events())
    handlers.hang("x", 0.05)

    async def leave_behind() -> None:
        await events.publish_nowait("x", "s", {})
        await asyncio.sleep(0)

    async def publish() -> None:
        await events.publish("x", "s", {})
        await asyncio.sleep(0)
        assert len(events._dispatcher.running) == 0

    asyncio.run(leave_behind())
    asyncio.run(publish())
