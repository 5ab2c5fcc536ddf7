"""Runs work that many connections request at the same moment once, in a thread, and shares the result."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from cachetools import FIFOCache

from marcus_events.http.worker_threads import PAGE_THREADS, run_in_thread

MAX_RESULTS = 32  # results of the last moments: pages × boards × visibilities

Result = TypeVar("Result")

_tasks: FIFOCache[Hashable, asyncio.Task[Any]] = FIFOCache(MAX_RESULTS)


async def run(key: Hashable, work: Callable[[], Result]) -> Result:
    """Return the result of `work` for this key. The first caller starts it; after a failure the next caller retries."""
    loop = asyncio.get_running_loop()
    task = _tasks.get((loop, key))
    if task is None or (task.done() and has_failed(task)):
        task = _tasks[loop, key] = loop.create_task(run_in_thread(PAGE_THREADS, work))
    return await asyncio.shield(task)  # a cancelled caller must not cancel it for the others


def is_cached(key: Hashable) -> bool:
    """Return whether the result is available or in progress."""
    return (asyncio.get_running_loop(), key) in _tasks


def has_failed(task: asyncio.Task[Any]) -> bool:
    return task.cancelled() or task.exception() is not None
