"""The response headers that Django's middleware adds, for what is answered in front of it."""

from __future__ import annotations

from functools import cache
from io import BytesIO

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.security import SecurityMiddleware

from config.asgi_types import AsgiScope
from config.middleware.caching import private
from config.utf8_request import Utf8Request
from marcus_events.http.plain_http import Headers, encode_headers
from marcus_events.http.problem_response import SECURITY_HEADERS


class ResponseHeaders:
    """Adds the headers to a response, by calling that middleware."""

    def __init__(self) -> None:
        self.secure, self.frames = SecurityMiddleware(unused), XFrameOptionsMiddleware(unused)

    def add(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        self.secure.process_response(request, response)
        self.frames.process_response(request, response)
        private(response)
        return response


def added_headers(scope: AsgiScope) -> Headers:
    """Return the headers for a response to the request, as ASGI sends them."""
    return headers_over("https" if scope.get("scheme") == "https" else "http")


@cache
def headers_over(scheme: str) -> Headers:
    """Return the same headers once and for all: they depend on nothing but the scheme."""
    request = Utf8Request({"method": "POST", "path": "/", "scheme": scheme, "headers": []}, BytesIO())
    response = HttpResponse()
    del response["Content-Type"]
    return encode_headers(ResponseHeaders().add(request, response).items())


def unused(request: HttpRequest) -> HttpResponseBase:
    raise NotImplementedError
