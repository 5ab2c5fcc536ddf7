"""A hub of the test's own event loop, for walks over the sockets."""

from __future__ import annotations

from tests.websocket.conftest import hub

__all__ = ["hub"]
