"""Who is worked on at once: some requests of an address, and some in all; the others wait for their turn."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from config.middleware import connection_limit
from config.middleware.connection_limit import ConnectionLimit, TurnLimit
from tests.waiting import wait_until_async


class Slow:
    """An application that answers when it is let. `working` is what it works on: its clients, in their order."""

    def __init__(self, *, waits: bool = False) -> None:
        self.working: list[str] = []
        self.may_answer = asyncio.Event()
        self.may_end = asyncio.Event()
        self.waits = waits

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.working.append(scope["client"][0])
        if self.waits:
            scope["end_turn"]()
        await self.may_answer.wait()
        await send({"type": "http.response.start"})
        await self.may_end.wait()


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_limit, "MAX_CONCURRENT", 3)
    monkeypatch.setattr(connection_limit, "MAX_PER_ADDRESS", 2)


async def take(message: Any) -> None:
    """What is answered."""


def ask(limit: ConnectionLimit, client: str, path: str = "/") -> asyncio.Task[Any]:
    scope = {"type": "http", "path": path, "client": (client, 1), "headers": []}
    return asyncio.create_task(limit(scope, None, take))


async def end(slow: Slow, tasks: list[asyncio.Task[Any]]) -> None:
    slow.may_answer.set()
    slow.may_end.set()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_an_address_has_some_turns_and_all_together_some_more() -> None:
    slow = Slow()
    limit = ConnectionLimit(TurnLimit(slow))
    tasks = [ask(limit, client) for client in ("a", "a", "a", "b", "c")]
    await wait_until_async(lambda: len(slow.working) == 3)
    healthz = ask(limit, "a", "/healthz")
    await wait_until_async(lambda: len(slow.working) == 4)
    assert slow.working == ["a", "a", "b", "a"]  # the last is of /healthz, which waits for nobody
    await end(slow, [*tasks, healthz])
    assert sorted(slow.working) == ["a", "a", "a", "a", "b", "c"]


@pytest.mark.parametrize("waits", [True, False])
async def test_a_turn_ends_before_a_wait_and_when_the_answer_begins(waits: bool) -> None:
    slow = Slow(waits=waits)
    if not waits:
        slow.may_answer.set()
    limit = ConnectionLimit(TurnLimit(slow))
    tasks = [ask(limit, "a") for _ in range(5)]
    await wait_until_async(lambda: len(slow.working) == 5)
    await end(slow, tasks)


async def test_who_goes_away_gives_the_turn_on() -> None:
    slow = Slow()
    limit = ConnectionLimit(TurnLimit(slow))
    first, second, third, fourth = (ask(limit, "a") for _ in range(4))
    await wait_until_async(lambda: len(slow.working) == 2)
    third.cancel()  # while it waits
    first.cancel()  # while it is worked on
    await wait_until_async(lambda: len(slow.working) == 3)
    await end(slow, [first, second, third, fourth])
