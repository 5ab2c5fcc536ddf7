"""One handler's trouble is nobody else's: neither the publisher's nor another handler's."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
import weakref
from contextvars import ContextVar
from typing import Any

import pytest

from marcus_events import Event, Events
from marcus_events.bus import dispatch
from tests.waiting import wait_until_async


def fail_at_once(event: Event) -> None:
    raise ZeroDivisionError("at once")


async def fail_later(event: Event) -> None:
    await asyncio.sleep(0)
    raise ZeroDivisionError("later")


async def await_what_is_cancelled(event: Event) -> None:
    gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    gone.cancel()
    await gone


class NotAwaitable:
    def __await__(self) -> Any:
        return 3


def return_what_only_looks_awaitable(event: Event) -> Any:
    return NotAwaitable()


async def cancel_itself(event: Event) -> None:
    task = asyncio.current_task()
    assert task
    task.cancel()
    await asyncio.sleep(0)


async def leave_the_program(event: Event) -> None:
    raise SystemExit(3)


def leave_the_program_at_once(event: Event) -> None:
    raise SystemExit(3)


async def interrupt(event: Event) -> None:
    raise KeyboardInterrupt


def stop_the_generator(event: Event) -> None:
    raise GeneratorExit


async def raise_a_group(event: Event) -> None:
    raise BaseExceptionGroup("several", [SystemExit(1), ValueError("2")])


FAILING = [
    fail_at_once,
    fail_later,
    await_what_is_cancelled,
    return_what_only_looks_awaitable,
    cancel_itself,
    leave_the_program,
    leave_the_program_at_once,
    interrupt,
    stop_the_generator,
    raise_a_group,
]


@pytest.mark.parametrize("failing", FAILING, ids=lambda handler: handler.__name__)
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


async def test_a_handler_that_hangs_is_given_up_after_its_time(caplog: pytest.LogCaptureFixture) -> None:
    events, ended = Events(handler_timeout=0.01), asyncio.Event()

    async def hang(event: Event) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    events.subscribe("x", hang)
    await asyncio.wait_for(events.publish("x", "s", {}), 20)
    await asyncio.wait_for(ended.wait(), 20)
    assert "not finished after 0.01 s" in caplog.text
    assert row(events)["timeouts"] == row(events)["errors"] == row(events)["calls"] == 1


async def test_a_handler_that_ignores_its_end_is_not_waited_for() -> None:
    events, allowed, ended = Events(), asyncio.Event(), asyncio.Event()

    async def ignore(event: Event) -> None:
        while not allowed.is_set():
            try:
                await allowed.wait()
            except asyncio.CancelledError:
                continue
        ended.set()

    events.subscribe("x", ignore, timeout=0.01)
    await asyncio.wait_for(events.publish("x", "s", {}), 20)
    assert row(events)["in_flight"] == 0
    allowed.set()
    await asyncio.wait_for(ended.wait(), 20)
    assert row(events)["calls"] == 1


async def test_a_function_that_blocks_runs_in_a_thread_where_asked_for() -> None:
    events, allowed, heard = Events(), threading.Event(), list[Event]()

    def block(event: Event) -> None:
        if allowed.wait(180):
            heard.append(event)

    events.subscribe("x", block, in_thread=True)
    events.subscribe("x", lambda event: allowed.set())
    event = await events.publish("x", "s", {})
    assert heard == [event]


async def test_a_plain_function_that_holds_up_the_loop_is_told_of_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "SLOW_S", 0)
    events = Events()
    events.subscribe("x", lambda event: None)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            await events.publish("x", "s", {})
    assert caplog.text.count("held up the event loop") == 1


async def test_a_condition_that_raises_counts_as_no_and_as_an_error() -> None:
    events, heard = Events(), list[Event]()
    events.subscribe("x", heard.append, where=lambda event: event.data["missing"])
    await events.publish("x", "s", {})
    assert heard == []
    assert row(events)["last_error"] == "KeyError: 'missing'"


def row(events: Events) -> dict[str, Any]:
    (only,) = events.metrics()["handlers"]
    assert isinstance(only, dict)
    return only


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


async def test_a_handler_has_a_task_and_a_context_of_its_own() -> None:
    events, seen, variable = Events(), list[str](), ContextVar("variable", default="as before")

    async def first(event: Event) -> None:
        variable.set("changed")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await asyncio.Event().wait()
        note()

    async def second(event: Event) -> None:
        note()

    def note() -> None:
        task = asyncio.current_task()
        assert task
        seen.append(f"{task.get_name().rpartition('.')[2]}: {variable.get()}")

    for handler in (first, second):
        events.subscribe("x", handler)
    await events.publish("x", "s", {})
    assert seen == ["second: as before", "first: changed"]
    assert variable.get() == "as before"
