"""Handle POST /mcp without Django's middleware, as `publish_endpoint` does: agents wait here for answers.

1. Before the SDK sees a request, its host, origin, token and body are checked. The SDK's own check of hosts and origins
   compares exact texts; MARCUS_ALLOWED_HOSTS also has patterns, so the project's own checks are used in its place.
2. A request with an Origin comes from a page in a browser. It is rejected unless the page is this site's own, like a
   WebSocket handshake (`middleware.origin`). Cookies are never read.
3. If the client disconnects, the call ends. An answer is not marked as received then. If the server stops, a call that
   waits is answered with 503.
4. The SDK is imported with the first request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from importlib import import_module
from io import BytesIO
from typing import Any

from django.core.exceptions import DisallowedHost
from django.http import HttpResponse

from config.asgi_types import Application, AsgiScope
from config.middleware import origin, unknown_host
from config.middleware.body_limit import caller_of, send_response
from config.middleware.response_headers import ResponseHeaders
from config.utf8_request import Utf8Request
from marcus_events import audit
from marcus_events.access import authentication
from marcus_events.access.authentication import Caller
from marcus_events.api.endpoint import errors_as_problems, refused
from marcus_events.core.payload import walk
from marcus_events.core.problem import Problem
from marcus_events.http import json_body
from marcus_events.http.asgi_request import ClientDisconnected, read_body, unless_disconnected
from marcus_events.http.problem_response import problem_response
from marcus_events.http.worker_threads import DATABASE_ERRORS, LARGE_BODY_THREADS, TOKEN_THREADS, run_in_thread

PATH = "/mcp"
STOPPING = "The server is stopping. Call the tool again."
RETRY_AFTER_S = 2
TRANSPORT = "marcus_events.mcp.streamable_http"


class McpEndpoint:
    def __init__(self, application: Application) -> None:
        self.application = application
        self.headers = ResponseHeaders()
        self._transport: Any = None

    async def __call__(self, scope: AsgiScope, receive: Any, send: Any) -> Any:
        if scope["path"].removeprefix(scope.get("root_path", "")).rstrip("/") != PATH:
            return await self.application(scope, receive, send)
        try:
            request = Utf8Request(scope, BytesIO(await read_body(receive)))
            response = await self.response_unless_stopped(request, receive)
        except ClientDisconnected:
            return None
        is_last = response.status_code == HTTPStatus.SERVICE_UNAVAILABLE
        return await send_response(self.headers.add(request, response), read_by_client(send) if is_last else send)

    async def response_unless_stopped(self, request: Utf8Request, receive: Any) -> HttpResponse:
        """Return the response, or 503 if the server stops meanwhile: it cancels the requests that wait.

        Without a response, the connection of some clients would break, and all their other calls with it.
        """
        try:
            return await unless_disconnected(self.response_to(request), receive)
        except asyncio.CancelledError:
            return problem_response(Problem(HTTPStatus.SERVICE_UNAVAILABLE, STOPPING, retry_after_s=RETRY_AFTER_S))

    async def response_to(self, request: Utf8Request) -> HttpResponse:
        if (rejection := rejection_of(request)) is not None:
            return rejection
        if request.method != "POST":
            response = problem_response(Problem(HTTPStatus.METHOD_NOT_ALLOWED, "Use POST."))
            response["Allow"] = "POST"
            return response
        try:
            with errors_as_problems("POST", PATH):
                return await self.checked_response(request, caller_of(dict(request.scope)))
        except Problem as problem:
            return refused(request, problem)

    async def checked_response(self, request: Utf8Request, caller: Caller) -> HttpResponse:
        """Check what does not depend on the protocol, and hand the request over. Raises Problem."""
        check_origin(request)
        authentication.check_address_rate(caller)
        with suppress(*DATABASE_ERRORS):  # the tool fails as well, and says why in a text that the agent reads
            await authentication.find_token_async(caller, partial(run_in_thread, TOKEN_THREADS))
        body = json_body.check_size(request.read(json_body.MAX_BODY + 1))
        if len(body) > json_body.LARGE:
            await run_in_thread(LARGE_BODY_THREADS, partial(check_texts, body))
        else:
            check_texts(body)
        transport = self._transport = self._transport or await asyncio.to_thread(import_module, TRANSPORT)
        response: HttpResponse = await transport.respond(request.scope, body, caller)
        return response


def rejection_of(request: Utf8Request) -> HttpResponse | None:
    """Return the response to a request under an unknown host name, or with forged proxy headers; None otherwise."""
    try:
        request.get_host()
    except DisallowedHost:
        host, address = request._get_raw_host(), audit.address_of(request)  # type: ignore[attr-defined]
        return problem_response(unknown_host.refuse(host, address, request.method or "", request.path))
    problem = request.scope["refusal"]
    return refused(request, problem) if problem else None


def check_origin(request: Utf8Request) -> None:
    """Raises Problem if the request comes from a page of another site."""
    stated = request.headers.get("Origin")
    if stated is not None and not origin.is_allowed(stated.lower(), request.get_host().lower()):
        raise Problem(HTTPStatus.FORBIDDEN, "Requests from pages of other sites are not allowed.")


def check_texts(body: bytes) -> None:
    """Check that the body is JSON whose texts can be sent back: a response repeats some of them. Raises Problem."""
    for text in texts_in(json_body.parse(body)):
        try:
            text.encode()
        except UnicodeEncodeError:
            raise json_body.invalid_json("The body contains half of a surrogate pair.", "text") from None


def texts_in(message: Any) -> Iterator[str]:
    for _, item in walk(message, []):
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            yield from item


def read_by_client(send: Any) -> Any:
    """Wrap `send`, so that it returns when the client has read the body: a server that stops closes all connections.

    Daphne waits for the client while there is more to send.
    """

    async def send_and_wait(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.body":
            await send(message | {"more_body": True})
            message = {"type": "http.response.body", "body": b""}
        await send(message)

    return send_and_wait
