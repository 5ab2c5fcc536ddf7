"""Waiting for commits: everybody is woken, from any thread, by few calls; nobody waits for ever."""

from __future__ import annotations

import asyncio
import gc
import weakref
from concurrent.futures import Future
from threading import Thread
from typing import Any

import pytest

from marcus_events.log.commit_waiters import CommitWaiters, wait_for_commit


async def test_one_call_wakes_all_whose_commits_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, calls, waiters = asyncio.get_running_loop(), list[Any](), CommitWaiters()
    commits = [Future[int]() for _ in range(50)]
    waiting = [asyncio.ensure_future(waiters.wait(commit)) for commit in commits]
    await asyncio.sleep(0)
    monkeypatch.setattr(loop, "call_soon_threadsafe", calls.append)
    for commit in commits:
        commit.set_result(1)
    [wake] = calls
    wake()
    await asyncio.gather(*waiting)


def end_all(commits: list[Future[int]]) -> None:
    for commit in commits:
        commit.set_result(1)


async def test_every_waiter_is_woken_however_threads_and_the_loop_take_turns() -> None:
    waiters = CommitWaiters()
    commits = [Future[int]() for _ in range(2_000)]
    waiting = [asyncio.ensure_future(waiters.wait(commit)) for commit in commits]
    await asyncio.sleep(0)
    threads = [Thread(target=end_all, args=[commits[n::4]]) for n in range(4)]
    for thread in threads:
        thread.start()
    await asyncio.gather(*waiting)
    for thread in threads:
        thread.join()


async def test_a_commit_that_never_ends_is_waited_for_no_longer_than_the_timeout() -> None:
    waiters = CommitWaiters(timeout_s=0.01)
    never = Future[int]()
    await asyncio.gather(waiters.wait(never), waiters.wait(never))
    await waiters.wait(never)
    assert not never.done()


async def test_a_waiter_that_is_cancelled_disturbs_no_other() -> None:
    waiters, commit = CommitWaiters(), Future[int]()
    cancelled, other = (asyncio.ensure_future(waiters.wait(commit)) for _ in range(2))
    await asyncio.sleep(0)
    cancelled.cancel()
    commit.set_result(1)
    await other
    assert cancelled.cancelled()


async def test_a_commit_that_is_done_already_is_not_waited_for() -> None:
    commit = Future[int]()
    commit.set_exception(ValueError())
    await wait_for_commit(commit)


def test_a_loop_that_has_ended_is_freed() -> None:
    async def begin_to_wait(commit: Future[int]) -> weakref.ref[asyncio.AbstractEventLoop]:
        waiting = asyncio.ensure_future(wait_for_commit(commit))
        await asyncio.sleep(0)
        waiting.cancel()
        return weakref.ref(asyncio.get_running_loop())

    def commit_after_the_end() -> weakref.ref[asyncio.AbstractEventLoop]:
        commit = Future[int]()
        loop = asyncio.run(begin_to_wait(commit))
        commit.set_result(1)
        return loop

    loop = commit_after_the_end()
    gc.collect()
    assert loop() is None
