"""What the middleware of this project has in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest


class EitherMode:
    """Middleware for synchronous and asynchronous views; `is_async` says which kind comes next.

    In front of a view that waits, middleware that is only synchronous would keep a thread for each request.
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
    """While this waits, others are worked on, if the server gives turns."""
    if end := getattr(request, "scope", {}).get("end_turn"):
        end()
