"""Handle POST /api/events without Django's middleware and objects, which cost ten times as much as ingesting an event.

Everything that Django's middleware would refuse goes on to it: unknown host names, forged proxy headers, bodies that
are stated to be too large. The answers have the headers that it adds.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.security import SecurityMiddleware

from config.asgi_types import Application, AsgiScope
from config.middleware.body_limit import refuse, stated_length
from config.middleware.caching import private
from config.middleware.origin import is_allowed_host
from config.utf8_request import Utf8Request
from marcus_events.access.authentication import Caller
from marcus_events.api.publish import PublishRequest, publish
from marcus_events.http.asgi_request import BodyLimitExceeded, ClientDisconnected, read_body
from marcus_events.http.json_body import MAX_BODY, too_large
from marcus_events.http.plain_http import decode_headers, encode_headers, send_plain
from marcus_events.http.problem_response import SECURITY_HEADERS

PATH = "/api/events"


class Publishing:
    def __init__(self, application: Application) -> None:
        self.application = application
        self.added_headers = {scheme: added_headers(scheme) for scheme in ("http", "https")}

    async def __call__(self, scope: AsgiScope, receive: Any, send: Any) -> Any:
        if not is_for_us(scope):
            return await self.application(scope, receive, send)
        try:
            body = await read_body(receive, MAX_BODY)
        except ClientDisconnected:
            return None
        except BodyLimitExceeded:
            return await refuse(too_large(), scope, send)
        headers = decode_headers(scope["headers"])
        caller = Caller.of((scope.get("client") or ("",))[0], headers.get("authorization", ""))
        response = await publish(PublishRequest("POST", scope["path"], caller, headers, body))
        return await send_plain(response, self.added_headers[scope["scheme"]], send)


def is_for_us(scope: AsgiScope) -> bool:
    """Whether this is a request to publish that Django's middleware would let pass."""
    return (
        scope["method"] == "POST"
        and scope["path"] == scope.get("root_path", "") + PATH
        and scope["refusal"] is None
        and is_allowed_host(only_host(scope))
        and stated_length(scope) <= MAX_BODY
    )


def only_host(scope: AsgiScope) -> str:
    """Return the header Host; "" if it is missing or was sent twice."""
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    return hosts[0].decode("latin-1") if len(hosts) == 1 else ""


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


def added_headers(scheme: str) -> list[tuple[bytes, bytes]]:
    """Return those headers, which are the same in every response to requests of a scheme."""
    request = Utf8Request({"method": "POST", "path": PATH, "scheme": scheme, "headers": []}, BytesIO())
    response = HttpResponse()
    del response["Content-Type"]
    return encode_headers(ResponseHeaders().add(request, response).items())


def unused(request: HttpRequest) -> HttpResponseBase:
    raise NotImplementedError
