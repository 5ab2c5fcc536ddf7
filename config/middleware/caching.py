"""No answer is kept by a browser or a proxy, unless it says that it is public.

What a page, a fragment, the API, an export or Django's admin answers depends on who asks. Once they have signed out, or
may no longer see a board, neither the browser's cache nor a proxy's may still show it. The files of the page and the
public descriptions of the API are the same for everybody.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from marcus_events.http.either_mode import EitherMode

PRIVATE = "private, no-store"


class PrivateByDefault(EitherMode):
    """Stands behind the middleware that serves files, and in front of everything else."""

    def __call__(self, request: HttpRequest) -> Any:
        return self.awaited(request) if self.is_async else private(self.get_response(request))

    async def awaited(self, request: HttpRequest) -> HttpResponseBase:
        return private(await self.get_response(request))


def private(response: HttpResponseBase) -> HttpResponseBase:
    if not response.headers.get("Cache-Control", "").startswith("public"):
        response.headers["Cache-Control"] = PRIVATE
        response.headers.pop("Expires", None)
    return response
