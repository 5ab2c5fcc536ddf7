"""Middleware that sets the actor of a request for the audit trail; runs after Django's authentication."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from marcus_events import audit
from marcus_events.audit.actor import acting_as
from marcus_events.http.either_mode import EitherMode

READING = ("GET", "HEAD", "OPTIONS")


class ActorMiddleware(EitherMode):
    """Sets the actor, except for safe methods, which change nothing and need not load the session."""

    def __call__(self, request: HttpRequest) -> Any:
        if request.method in READING:
            return self.get_response(request)
        if self.is_async:
            return self.awaited(request)
        with acting_as(request.user.get_username(), audit.address_of(request)):
            return self.get_response(request)

    async def awaited(self, request: HttpRequest) -> Any:
        user = await request.auser()
        with acting_as(user.get_username(), audit.address_of(request)):
            return await self.get_response(request)
