"""Wait for a condition, never for a time."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")
LOOK_EVERY = 0.01  # seconds
PATIENCE = 60.0  # seconds; only a broken test waits that long, also on a machine that is ten times slower


def wait_until(condition: Callable[[], Found], timeout: float = PATIENCE) -> Found:
    """What the condition returns as soon as that is true; AssertionError when it never was."""
    deadline = time.monotonic() + timeout
    while not (found := condition()):
        _refuse_after(deadline, timeout)
        time.sleep(LOOK_EVERY)
    return found


async def wait_until_async(condition: Callable[[], Found], timeout: float = PATIENCE) -> Found:
    """The same for a test that shares its event loop with what it waits for."""
    deadline = time.monotonic() + timeout
    while not (found := condition()):
        _refuse_after(deadline, timeout)
        await asyncio.sleep(LOOK_EVERY)
    return found


def _refuse_after(deadline: float, timeout: float) -> None:
    assert time.monotonic() < deadline, f"did not come true within {timeout:g} s"
