"""WhiteNoise for asynchronous requests: serve static files, and pass on other requests without a thread.

WhiteNoise's middleware is synchronous, so Django would hold a thread for each request, even a waiting one. Files are
sent in blocks: in asynchronous mode Django would read a whole file into memory, even for a slow client.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import IO, Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware

BLOCK = 32 * 1024  # bytes; a reading ahead for each slow reader, and most files in one
StaticResponse = HttpResponseBase | Awaitable[HttpResponseBase]


POLICY = "default-src 'none'; frame-ancestors 'none'"  # for who opens a file by itself; a page goes by its own


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc] # WhiteNoise has no types
    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], StaticResponse]) -> None:
        super().__init__(get_response)
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> StaticResponse:
        answer: StaticResponse = self._answer(request) if self.is_async else super().__call__(request)
        return answer

    def serve(self, static_file: Any, request: HttpRequest) -> FileResponse:
        """Serve a file with a Content-Security-Policy, since CSPMiddleware comes later."""
        response: FileResponse = super().serve(static_file, request)
        response["Content-Security-Policy"] = POLICY
        return response

    async def _answer(self, request: HttpRequest) -> HttpResponseBase:
        file = self.find_file(request.path_info) if self.autorefresh else self.files.get(request.path_info)
        found: HttpResponseBase
        if file is None:
            found = await self.get_response(request)
        else:
            found = stream_in_blocks(await sync_to_async(self.serve)(file, request))
        return found


def stream_in_blocks(response: FileResponse) -> FileResponse:
    if response.file_to_stream:
        response.streaming_content = read_blocks(response.file_to_stream)
    return response


async def read_blocks(file: IO[bytes]) -> AsyncIterator[bytes]:
    while block := await asyncio.to_thread(file.read, BLOCK):
        yield block
