"""A hub on the test's event loop, with a real log and tokens."""

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
    monkeypatch.setattr(tail, "LOOK_EVERY_S", 0.1)  # also how often it checks whether to stop
    yield HUB.get()
    await asyncio.to_thread(HUB.stop)


@pytest.fixture
def token(log: None) -> str:
    """A token that may publish and read everything."""
    return tokens.create("program", ["publish", "read"])


class Impatient(Running):
    program = ("-m", "tests.websocket.slow_client")


@pytest.fixture(scope="package")
def impatient() -> Iterator[Running]:
    """A real server that waits only a few seconds for slow readers."""
    with Impatient() as running:
        yield running


@pytest.fixture(scope="package")
def program_token(impatient: Running) -> str:
    """A token of that server that may publish and read everything."""
    return impatient.create_token("program")
