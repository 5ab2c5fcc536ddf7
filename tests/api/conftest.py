"""Programs with tokens, against a real log in a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from marcus_events.access import tokens
from marcus_events.live import hub as hub_module
from tests.api.program import Program


@pytest.fixture
def program(log: None) -> Program:
    """A program that may publish and read everything."""
    return Program(tokens.create("program", ["publish", "read"]))


@pytest.fixture
async def hub() -> AsyncIterator[hub_module.Hub]:
    """A hub on the test's event loop."""
    yield hub_module.HUB.get()
    await asyncio.to_thread(hub_module.HUB.stop)
