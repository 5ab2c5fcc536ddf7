"""Programs with tokens, before a real log in a real database."""

from __future__ import annotations

import pytest

from marcus_events.doors import tokens
from tests.api.program import Program


@pytest.fixture
def program(log: None) -> Program:
    """May publish and read everything."""
    return Program(tokens.create("program", ["publish", "read"]))
