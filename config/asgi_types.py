"""The types of ASGI that the middleware in `config.middleware` has in common."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

AsgiScope = dict[str, Any]
Application = Callable[[AsgiScope, Any, Any], Awaitable[Any]]
