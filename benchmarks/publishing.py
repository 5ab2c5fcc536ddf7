"""How many publishes a second: ours, Marcus's algorithm, and three libraries, with 0, 1 and 10 handlers.

Every handler is called for every event, and a publish has ended when its handlers have. What each library does besides
differs, and is said with it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from importlib import import_module
from typing import Any

from benchmarks.contest import RATE, Contest, Contestant, Figures, Scale
from benchmarks.marcus_algorithm import MarcusEvents
from marcus_events import Events

Publish = Callable[[int], Awaitable[Any]]  # of so many events


class Counter:
    """Handlers that count, so that a contestant which does not call them is found out."""

    def __init__(self) -> None:
        self.calls = 0

    def plainly(self, event: object) -> None:
        self.calls += 1


def ours(handlers: int, counter: Counter) -> Publish:
    """time limits, isolation of every failure, metrics, causes, history to look back to"""
    return publisher(subscribed(Events(), handlers, lambda: named(counter)))


def ours_plain(handlers: int, counter: Counter) -> Publish:
    """the same with plain functions as handlers, which need no task"""
    return publisher(subscribed(Events(), handlers, lambda: counter.plainly))


def marcus(handlers: int, counter: Counter) -> Publish:
    """one task per handler, exceptions caught; no time limits, no metrics"""
    return publisher(subscribed(MarcusEvents(), handlers, lambda: named(counter)))


def marcus_with_history(handlers: int, counter: Counter) -> Publish:
    """the same, with its history of 1,000 events, which ours always has"""
    return publisher(subscribed(MarcusEvents(store_history=True), handlers, lambda: named(counter)))


def blinker(handlers: int, counter: Counter) -> Publish:
    """handlers one after another in the publisher's own task; a failure ends the publish"""
    signal = import_module("blinker").Signal()
    for _ in range(handlers):
        signal.connect(named(counter), weak=False)

    async def publish(count: int) -> None:
        for n in range(count):
            await signal.send_async("bench", data={"n": n})

    return publish


def pyee(handlers: int, counter: Counter) -> Publish:
    """a task per handler; a failure becomes an event; publishing cannot wait, so each one waits for all tasks here"""
    emitter = import_module("pyee.asyncio").AsyncIOEventEmitter()
    for _ in range(handlers):
        emitter.add_listener("task_progress", named(counter))

    async def publish(count: int) -> None:
        for n in range(count):
            emitter.emit("task_progress", {"n": n})
            await emitter.wait_for_complete()

    return publish


def bubus(handlers: int, counter: Counter) -> Publish:
    """validated events, a record of every result, time limits"""
    library = import_module("bubus")
    event_type = type("Progress", (library.BaseEvent,), {"__annotations__": {"n": int}})
    bus = library.EventBus(parallel_handlers=True)
    for n in range(handlers):
        bus.on("Progress", named(counter, n))

    async def publish(count: int) -> None:
        for n in range(count):
            await bus.dispatch(event_type(n=n))

    publish.close = lambda: bus.stop(clear=True)  # type: ignore[attr-defined] # its task would outlive the event loop
    return publish


BASELINE = "Marcus's algorithm, history on"
CONTESTANTS = {
    "marcus_events": ours,
    "marcus_events, plain functions": ours_plain,
    "Marcus's algorithm": marcus,
    BASELINE: marcus_with_history,
    "blinker": blinker,
    "pyee": pyee,
    "bubus": bubus,
}
HANDLERS = (0, 1, 10)


def contests(scale: Scale) -> Iterator[Contest]:
    for handlers in HANDLERS:
        contestants = [
            Contestant(name, make.__doc__ or "", partial(figures, name, handlers, scale.seconds))
            for name, make in CONTESTANTS.items()
        ]
        yield Contest(f"publish to {handlers} handler{'' if handlers == 1 else 's'}", BASELINE, contestants)


def figures(contestant: str, handlers: int, seconds: float) -> Figures:
    return {RATE: asyncio.run(per_second(contestant, handlers, seconds))}


def named(counter: Counter, n: int = 0) -> Any:
    """A handler of its own for each subscription: libraries take the same one once, or those of one name."""

    async def handle(event: object, **more: object) -> None:
        counter.calls += 1

    handle.__name__ = f"handle_{n}"
    return handle


def subscribed(events: Any, handlers: int, make: Callable[[], Any]) -> Any:
    for _ in range(handlers):
        events.subscribe("task_progress", make())
    return events


def publisher(events: Any) -> Publish:
    async def publish(count: int) -> None:
        for n in range(count):
            await events.publish("task_progress", "bench", {"n": n})

    return publish


async def per_second(contestant: str, handlers: int, seconds: float) -> float:
    """Publishes a second, over about so many seconds. Raises AssertionError where a handler was not called."""
    counter = Counter()
    publish = CONTESTANTS[contestant](handlers, counter)
    count, took = 10, 0.0
    published = 0
    while took < seconds:
        begun = time.perf_counter()
        await publish(count)
        took += (spent := time.perf_counter() - begun)
        published += count
        count = max(10, int(count * min(4.0, (seconds / 4) / max(spent, 1e-9))))
        count = min(count, max(10, int(published / took * max(seconds - took, 0.001))))
    if close := getattr(publish, "close", None):
        await close()
    assert counter.calls == published * handlers, f"{contestant} called {counter.calls} of {published * handlers}"
    return published / took
