"""Complete futures of event loops from another thread.

To wake an event loop costs a write to a socket, and more while the loop is busy. So each loop is woken once for all of
its futures.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress

Waiter = asyncio.Future[None]


def wake(waiters: Iterable[Waiter]) -> None:
    """Complete the futures, each in its own event loop. A loop that has ended is left alone. For any thread."""
    of_loop: defaultdict[asyncio.AbstractEventLoop, list[Waiter]] = defaultdict(list)
    for waiter in waiters:
        of_loop[waiter.get_loop()].append(waiter)
    for loop, found in of_loop.items():
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(complete, found)


def complete(waiters: Iterable[Waiter]) -> None:
    """Complete the futures of this event loop that nobody has cancelled."""
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(None)
