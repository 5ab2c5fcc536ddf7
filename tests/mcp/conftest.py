"""One running application for all tests of a module. Each test uses boards of its own."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from tests.running_server import Running


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with Running() as application:
        yield application


@pytest.fixture
def board() -> str:
    return f"board-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def token(running: Running, board: str) -> str:
    """The token of an agent that may do everything on the board."""
    return running.create_token(f"agent of {board}", boards=[board])
