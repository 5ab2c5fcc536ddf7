"""A base class for middleware that works in synchronous and asynchronous request handling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest


class EitherMode:
    """Middleware for synchronous and asynchronous views; `is_async` tells which one `get_response` is.

    Synchronous middleware in front of an asynchronous view would hold a thread for each waiting request.
    """

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        raise NotImplementedError


def end_turn(request: HttpRequest) -> None:
    """End the request's turn (see `config.middleware.connection_limit`), so that others run while it waits."""
    if end := getattr(request, "scope", {}).get("end_turn"):
        end()
