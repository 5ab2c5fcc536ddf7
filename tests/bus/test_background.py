"""Publishing without waiting is bounded: it waits for room, or sheds and counts, and is drained in the end."""

from __future__ import annotations

import asyncio
import logging

import pytest

from marcus_events import Event, Events
from tests.waiting import wait_until_async


class Gate:
    """Handlers that wait until they are let through."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.begun = self.through = 0

    async def __call__(self, event: Event) -> None:
        self.begun += 1
        await self.opened.wait()
        self.through += 1


async def test_publishing_waits_for_room() -> None:
    events, gate = Events(max_in_flight=3), Gate()
    events.subscribe("x", gate)
    for _ in range(3):
        await events.publish_nowait("x", "s", {})
    fourth = asyncio.create_task(events.publish_nowait("x", "s", {}))
    await wait_until_async(lambda: gate.begun == 3)
    assert not fourth.done()
    assert events.metrics()["in_flight"] == 3
    gate.opened.set()
    await asyncio.wait_for(fourth, 20)
    await events.aclose()
    assert (gate.through, events.metrics()["shed"]) == (4, 0)


async def test_who_gives_up_waiting_for_room_does_not_keep_it_from_others() -> None:
    events, gate = Events(max_in_flight=1), Gate()
    events.subscribe("x", gate)
    await events.publish_nowait("x", "s", {})
    waiting = [asyncio.create_task(events.publish_nowait("x", "s", {})) for _ in range(2)]
    await wait_until_async(lambda: gate.begun == 1)
    waiting[0].cancel()
    gate.opened.set()
    await asyncio.wait_for(waiting[1], 20)
    await events.aclose()
    assert gate.through == 2


async def test_what_is_shed_is_counted_and_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    events, gate = Events(store_history=True, max_in_flight=2, when_full="shed"), Gate()
    events.subscribe("x", gate)
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            await events.publish_nowait("x", "s", {})
    gate.opened.set()
    await events.aclose()
    assert (gate.through, events.metrics()["shed"], len(events.history)) == (2, 3, 5)
    assert caplog.text.count("handlers are not called") == 1


async def test_handlers_that_publish_without_waiting_never_wait_for_each_other() -> None:
    """All the room is taken by handlers that ask for more of it."""
    events, heard = Events(max_in_flight=2), list[str]()

    async def publish_more(event: Event) -> None:
        for _ in range(3):
            await events.publish_nowait("effect", "s", {})

    events.subscribe("cause", publish_more)
    events.subscribe("effect", lambda event: heard.append(event.event_id))
    for _ in range(4):
        await asyncio.wait_for(events.publish_nowait("cause", "s", {}), 20)
    await events.aclose()
    assert len(set(heard)) == 12


def test_there_are_two_things_to_do_when_it_is_full() -> None:
    with pytest.raises(ValueError, match="when_full"):
        Events(when_full="drop")  # type: ignore[arg-type]
