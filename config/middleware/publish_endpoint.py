"""Handle POST /api/events without Django's middleware, which costs ten times as much as ingesting an event.

It does what the middleware would: reject unknown host names and forged proxy headers, and set the same response
headers. All other requests go on to Django.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.security import SecurityMiddleware

from config.asgi_types import Application, AsgiScope
from config.middleware import unknown_host
from config.middleware.body_limit import send_response
from config.middleware.caching import private
from config.utf8_request import Utf8Request
from marcus_events import audit
from marcus_events.api.endpoint import refused
from marcus_events.api.publish import publish_async
from marcus_events.http.asgi_request import ClientDisconnected, read_body
from marcus_events.http.problem_response import SECURITY_HEADERS, problem_response

PATH = "/api/events"


class Publishing:
    def __init__(self, application: Application) -> None:
        self.application = application
        self.headers = ResponseHeaders()

    async def __call__(self, scope: AsgiScope, receive: Any, send: Any) -> Any:
        if scope["method"] != "POST" or scope["path"] != scope.get("root_path", "") + PATH:
            return await self.application(scope, receive, send)
        try:
            request = Utf8Request(scope, BytesIO(await read_body(receive)))
        except ClientDisconnected:
            return None
        return await send_response(self.headers.add(request, await response_to(request)), send)


class ResponseHeaders:
    """The response headers that Django's middleware adds, by calling that middleware."""

    def __init__(self) -> None:
        self.secure, self.frames = SecurityMiddleware(unused), XFrameOptionsMiddleware(unused)

    def add(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        self.secure.process_response(request, response)
        self.frames.process_response(request, response)
        private(response)
        return response


async def response_to(request: Utf8Request) -> HttpResponse:
    return rejection_of(request) or await publish_async(request)


def rejection_of(request: Utf8Request) -> HttpResponse | None:
    """Return the response to a request under an unknown host name, or with forged proxy headers; None otherwise."""
    try:
        request.get_host()
    except DisallowedHost:
        host, address = request._get_raw_host(), audit.address_of(request)  # type: ignore[attr-defined]
        return problem_response(unknown_host.refuse(host, address, request.method or "", request.path))
    problem = request.scope["refusal"]
    return refused(request, problem) if problem else None


def unused(request: HttpRequest) -> HttpResponseBase:
    raise NotImplementedError
