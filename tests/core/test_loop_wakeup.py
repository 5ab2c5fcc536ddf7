"""Futures of event loops are completed from another thread."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

from marcus_events.core.loop_wakeup import Waiter, wake
from tests.waiting import TIMEOUT_S


def test_futures_of_several_loops_are_completed_each_in_its_own() -> None:
    waiters, all_wait = list[Waiter](), threading.Barrier(4)

    async def wait_for_some() -> int:
        mine: list[Waiter] = [asyncio.get_running_loop().create_future() for _ in range(3)]
        mine[1].cancel()
        waiters.extend(mine)
        await asyncio.to_thread(all_wait.wait, TIMEOUT_S)
        await asyncio.wait_for(asyncio.gather(mine[0], mine[2]), TIMEOUT_S)
        return len([waiter for waiter in mine if waiter.cancelled()])

    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(asyncio.run, wait_for_some()) for _ in range(3)]
        all_wait.wait(TIMEOUT_S)
        wake(waiters)
        assert [each.result(TIMEOUT_S) for each in waiting] == [1, 1, 1]


def test_a_loop_that_has_ended_keeps_no_other_from_being_woken() -> None:
    async def left_behind() -> Waiter:
        return asyncio.get_running_loop().create_future()

    async def woken(before: Waiter) -> None:
        waiter: Waiter = asyncio.get_running_loop().create_future()
        await asyncio.to_thread(wake, [before, waiter])
        await asyncio.wait_for(waiter, TIMEOUT_S)

    ended = asyncio.run(left_behind())
    asyncio.run(woken(ended))
    assert not ended.done()
