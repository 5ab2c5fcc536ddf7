"""Notes who sends the request that is being answered; comes after Django's authentication."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest

from marcus_events import audit
from marcus_events.auditing.acting import acting

READING = ("GET", "HEAD", "OPTIONS")


class Acting:
    """Reading acts on nothing, and so asks for no session.

    Of both kinds: in front of a view that waits, a middleware that cannot wait would keep a thread for each request.
    """

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        if request.method in READING:
            return self.get_response(request)
        if self.is_async:
            return self.awaited(request)
        with acting(request.user.get_username(), audit.address_of(request)):
            return self.get_response(request)

    async def awaited(self, request: HttpRequest) -> Any:
        user = await request.auser()
        with acting(user.get_username(), audit.address_of(request)):
            return await self.get_response(request)
