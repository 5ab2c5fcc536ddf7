"""Waits for conditions, never for a fixed time."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")
POLL_INTERVAL_S = 0.01
TIMEOUT_S = 60.0  # only a failing test waits that long, even on a machine that is ten times slower


def wait_until(condition: Callable[[], Found], timeout: float = TIMEOUT_S) -> Found:
    """Return the condition's result as soon as it is true; raise AssertionError after the timeout."""
    deadline = time.monotonic() + timeout
    while not (found := condition()):
        _fail_after(deadline, timeout)
        time.sleep(POLL_INTERVAL_S)
    return found


async def wait_until_async(condition: Callable[[], Found], timeout: float = TIMEOUT_S) -> Found:
    """Like `wait_until`, for a test that shares its event loop with what it waits for."""
    deadline = time.monotonic() + timeout
    while not (found := condition()):
        _fail_after(deadline, timeout)
        await asyncio.sleep(POLL_INTERVAL_S)
    return found


def _fail_after(deadline: float, timeout: float) -> None:
    assert time.monotonic() < deadline, f"did not come true within {timeout:g} s"
