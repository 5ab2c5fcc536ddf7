"""Forbid caching of every response that is not marked as public.

Responses depend on the user. After a sign-out, or after access to a board has ended, neither the browser's cache nor a
proxy's may still show them. Static files and the public descriptions of the API are the same for everybody.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from marcus_events.http.either_mode import EitherMode

PRIVATE = "private, no-store"


class PrivateByDefault(EitherMode):
    """Comes after the middleware that serves static files, and before all other middleware."""

    def __call__(self, request: HttpRequest) -> Any:
        return self.awaited(request) if self.is_async else private(self.get_response(request))

    async def awaited(self, request: HttpRequest) -> HttpResponseBase:
        return private(await self.get_response(request))


def private(response: HttpResponseBase) -> HttpResponseBase:
    if not response.headers.get("Cache-Control", "").startswith("public"):
        response.headers["Cache-Control"] = PRIVATE
        response.headers.pop("Expires", None)
    return response
