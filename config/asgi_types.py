"""Types of ASGI for the middleware in `config.middleware`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

AsgiScope = dict[str, Any]
Application = Callable[[AsgiScope, Any, Any], Awaitable[Any]]
