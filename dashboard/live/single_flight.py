"""Does work that many connections want at the same moment once, in a thread, and gives all of them its result."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from cachetools import FIFOCache

from marcus_events.http.worker_threads import PAGE_THREADS, in_thread

MAX_RESULTS = 32  # pages × boards × visibilities, of the last few moments

Result = TypeVar("Result")

_tasks: FIFOCache[Hashable, asyncio.Task[Any]] = FIFOCache(MAX_RESULTS)


async def once(key: Hashable, work: Callable[[], Result]) -> Result:
    """The result of `work` for this key: done by whoever asks first. What failed is tried again by the next."""
    loop = asyncio.get_running_loop()
    task = _tasks.get((loop, key))
    if task is None or (task.done() and failed(task)):
        task = _tasks[loop, key] = loop.create_task(in_thread(PAGE_THREADS, work))
    return await asyncio.shield(task)  # one who leaves must not cancel it for the others


def has_result(key: Hashable) -> bool:
    """Whether the result for this key is there, or on its way."""
    return (asyncio.get_running_loop(), key) in _tasks


def failed(task: asyncio.Task[Any]) -> bool:
    return task.cancelled() or task.exception() is not None
