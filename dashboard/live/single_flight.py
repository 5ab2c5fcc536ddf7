"""Work that many connections want at the same moment is done once, in a thread, and its result given to all of them."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from marcus_events.http.worker_threads import PAGE_THREADS, in_thread

MAX_KEPT = 32  # results: pages × boards × sights, of the last few moments

Result = TypeVar("Result")

_kept: OrderedDict[Hashable, asyncio.Task[Any]] = OrderedDict()


async def once(key: Hashable, work: Callable[[], Result]) -> Result:
    """The result of `work` for this key: done by whoever asks first. What failed is tried again by the next."""
    loop = asyncio.get_running_loop()
    task = _kept.get((loop, key))
    if task is None or (task.done() and failed(task)):
        task = _kept[loop, key] = loop.create_task(in_thread(PAGE_THREADS, work))
        while len(_kept) > MAX_KEPT:
            _kept.popitem(last=False)
    return await asyncio.shield(task)  # one who leaves must not cancel it for the others


def is_kept(key: Hashable) -> bool:
    """Whether the result for this key is there, or on its way."""
    return (asyncio.get_running_loop(), key) in _kept


def failed(task: asyncio.Task[Any]) -> bool:
    return task.cancelled() or task.exception() is not None
