"""A hub on the test's event loop, for tests that walk over all sockets."""

from __future__ import annotations

from tests.websocket.conftest import hub

__all__ = ["hub"]
