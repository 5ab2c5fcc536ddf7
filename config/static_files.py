"""WhiteNoise for an event loop: it serves files as ever, and every other request passes through without a thread.

Its middleware knows threads alone, and Django would keep one for as long as a request lasts: also for those that wait.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware

Answer = HttpResponseBase | Awaitable[HttpResponseBase]


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc] # WhiteNoise has no types
    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Answer]) -> None:
        super().__init__(get_response)
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Answer:
        answer: Answer = self._answer(request) if self.is_async else super().__call__(request)
        return answer

    async def _answer(self, request: HttpRequest) -> HttpResponseBase:
        file = self.find_file(request.path_info) if self.autorefresh else self.files.get(request.path_info)
        found: HttpResponseBase
        if file is None:
            found = await self.get_response(request)
        else:
            found = await sync_to_async(self.serve)(file, request)
        return found
