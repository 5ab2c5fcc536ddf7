"""A hub of the test's own event loop, before a real log; and tokens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from marcus_events.access import tokens
from marcus_events.live.hub import HUB, Hub
from marcus_events.log import tail
from tests.running_server import Running


@pytest.fixture
async def hub(log: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hub]:
    monkeypatch.setattr(tail, "LOOK_EVERY_S", 0.1)  # and so often it looks whether it is to end
    yield HUB.get()
    await asyncio.to_thread(HUB.stop)


@pytest.fixture
def token(log: None) -> str:
    """May publish and read everything."""
    return tokens.create("program", ["publish", "read"])


class Impatient(Running):
    program = ("-m", "tests.websocket.slow_client")


@pytest.fixture(scope="package")
def impatient() -> Iterator[Running]:
    """A real server, which waits for a slow reader a few seconds only."""
    with Impatient() as running:
        yield running


@pytest.fixture(scope="package")
def program_token(impatient: Running) -> str:
    """May publish and read everything there."""
    return impatient.create_token("program")
