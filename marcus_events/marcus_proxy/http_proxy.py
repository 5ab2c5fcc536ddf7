"""The proxy over HTTP: an ASGI application that passes every request on to Marcus, and its response back.

Requests keep their path and headers, so sessions, protocol versions and event streams are between the agent and Marcus.
Only a POST with a call of a tool or of the tool list is looked into. The proxy's own calls to Marcus are made in the
session of the agent whose call it handles.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import aclosing, suppress
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import httpx2 as httpx
from django.http.request import split_domain_port, validate_host

from marcus_events.core.event import utc_now
from marcus_events.http.asgi_request import BodyLimitExceeded, ClientDisconnected, read_body, unless_disconnected
from marcus_events.marcus_proxy.agent_texts import WAIT
from marcus_events.marcus_proxy.interception import Interception
from marcus_events.marcus_proxy.json_rpc import (
    TOOL_LIST,
    Message,
    ToolRequest,
    call_message,
    is_response_to,
    parse_message,
    tool_request,
)
from marcus_events.marcus_proxy.proxy_state import ProxyState
from marcus_events.marcus_proxy.server_sent_events import MEDIA_TYPE, EventStream, changed_event, message_in

MAX_BODY = 16 * 1024 * 1024  # of a request, which is held in memory: artifacts are sent as one
CONNECT_TIMEOUT_S = 5.0
CALL_WITHIN_S = 10.0  # the proxy's own call of a tool, while an agent waits for it
HOP_BY_HOP = {b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade"}
NOT_SENT = HOP_BY_HOP | {b"host", b"content-length", b"accept-encoding", b"expect"}
NOT_RETURNED = HOP_BY_HOP | {b"content-length", b"content-encoding"}
TOOL_NAME_HEADER = b"mcp-name"  # repeats the name of the tool, with newer clients
JSON = "application/json"
SERVER_ERROR = -32000  # of JSON-RPC: errors that a server defines
OTHER_SITE = "Requests from pages of other sites are not allowed."
OTHER_HOST = "This host name is not allowed. Start the proxy with --allowed-host."
NO_PATH = "The target of a request must be a path."
TOO_LARGE = f"A request may have at most {MAX_BODY // 1024**2} MiB."

Headers = list[tuple[bytes, bytes]]
Scope = dict[str, Any]
Change = Callable[[Message], Awaitable[Message]]


class HttpProxy:
    def __init__(
        self, marcus_url: str, interception: Interception, state: ProxyState, allowed_hosts: Iterable[str]
    ) -> None:
        parts = urlsplit(marcus_url)
        self.url, self.origin = marcus_url, f"{parts.scheme}://{parts.netloc}"
        self.interception, self.state, self.allowed_hosts = interception, state, list(allowed_hosts)
        timeout = httpx.Timeout(None, connect=CONNECT_TIMEOUT_S)  # an event stream may be silent for days
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=100)
        self.marcus = httpx.AsyncClient(timeout=timeout, limits=limits, trust_env=False)
        self.marcus.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # agents' cookies are not shared
        self._calls: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        await self.marcus.aclose()

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if not self.is_allowed(headers.get("host", "")):
            await send_error(send, HTTPStatus.FORBIDDEN, OTHER_HOST)
        elif "origin" in headers and not self.is_allowed(headers["origin"].partition("://")[2]):
            await send_error(send, HTTPStatus.FORBIDDEN, OTHER_SITE)
        elif not raw_path(scope).startswith("/"):
            await send_error(send, HTTPStatus.BAD_REQUEST, NO_PATH)
        else:
            with suppress(ClientDisconnected):
                await self.handle(scope, receive, send)

    async def handle(self, scope: Scope, receive: Any, send: Any) -> None:
        """Raises ClientDisconnected."""
        try:
            body = await read_body(receive, MAX_BODY)
        except BodyLimitExceeded:
            await send_error(send, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, TOO_LARGE)
        else:
            message = parse_message(body) if scope["method"] == "POST" else None
            request = tool_request(message) if message else None
            responding = self.respond(scope, body, send, message, request)
            if request is not None and request.tool != WAIT:
                responding = self.to_the_end(responding)
            await unless_disconnected(responding, receive)

    async def to_the_end(self, responding: Coroutine[Any, Any, None]) -> None:
        """Finish a call even if the agent disconnects: Marcus does so too, and what it does is published."""
        task = asyncio.create_task(responding)
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        await asyncio.shield(task)

    def is_allowed(self, host: str) -> bool:
        domain, _ = split_domain_port(host)
        return bool(domain) and validate_host(domain, self.allowed_hosts)

    async def respond(
        self, scope: Scope, body: bytes, send: Any, message: Message | None, request: ToolRequest | None
    ) -> None:
        if request is not None:
            own = await self.interception.before(request, lambda call: self.call_marcus(scope, call))
            if own is not None:
                self.state.note_call()
                return await send_json(send, HTTPStatus.OK, own)
        try:
            await self.pass_on(scope, body, send, self.change_for(message, request))
        except httpx.RequestError as error:
            text = f"Marcus does not answer at {self.state.marcus}: {error or type(error).__name__}"
            self.state.note_problem(text)
            await send_error(send, HTTPStatus.BAD_GATEWAY, text, (message or {}).get("id"))

    def change_for(self, message: Message | None, request: ToolRequest | None) -> Change | None:
        """Return how the response to a message is changed; None if it passes as it is."""
        started_at = utc_now()

        async def changed(response: Message) -> Message:
            if request is not None and is_response_to(response, request.request_id):
                return await self.interception.after(request, response, started_at)
            if message is not None and request is None and is_response_to(response, message.get("id")):
                return self.interception.list_tools(response)
            return response

        is_looked_into = request is not None or (message or {}).get("method") == TOOL_LIST
        return changed if is_looked_into else None

    async def pass_on(self, scope: Scope, body: bytes, send: Any, change: Change | None) -> None:
        """Pass a request on to Marcus, and its response back, piece by piece. Raises httpx.TransportError.

        The error is raised only while nothing has been sent back; later, the response ends early.
        """
        request = self.marcus.build_request(
            scope["method"], self.target(scope), content=body or None, headers=headers_for(scope["headers"], NOT_SENT)
        )
        response = await self.marcus.send(request, stream=True)
        self.state.note_call()
        try:
            headers = [self.returned(header) for header in headers_for(response.headers.raw, NOT_RETURNED)]
            await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
            with suppress(httpx.RequestError):
                async with aclosing(changed_body(response, change)) as pieces:
                    async for piece in pieces:
                        await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            await response.aclose()

    def target(self, scope: Scope) -> str:
        query = scope.get("query_string", b"").decode("latin-1")
        return f"{self.origin}{raw_path(scope)}" + (f"?{query}" if query else "")

    def returned(self, header: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
        """Return a header of Marcus's response; a redirect leads back to the proxy."""
        name, value = header
        return (name, value.removeprefix(self.origin.encode())) if name.lower() == b"location" else header

    async def call_marcus(self, scope: Scope, call: ToolRequest) -> Message | None:
        """Make a call in the session of the agent, and return Marcus's response; None if there is none."""
        headers = headers_for(scope["headers"], NOT_SENT | {TOOL_NAME_HEADER})
        if any(name.lower() == TOOL_NAME_HEADER for name, _ in scope["headers"]):
            headers.append((TOOL_NAME_HEADER, call.tool.encode()))
        try:
            async with asyncio.timeout(CALL_WITHIN_S):
                content = json.dumps(call_message(call))
                response = await self.marcus.post(self.target(scope), content=content, headers=headers)
        except (httpx.RequestError, TimeoutError):
            return None
        if content_type(response.headers) != MEDIA_TYPE:
            return parse_message(response.content)
        found = map(message_in, EventStream().feed(response.content))
        return next((one for one in found if one and is_response_to(one, call.request_id)), None)


def raw_path(scope: Scope) -> str:
    return str(scope.get("raw_path", scope["path"].encode()).decode("latin-1"))


async def changed_body(response: httpx.Response, change: Change | None) -> AsyncGenerator[bytes, None]:
    """Yield the body of Marcus's response, with `change` applied to the messages in it."""
    kind = content_type(response.headers)
    if change is None or kind not in (MEDIA_TYPE, JSON):
        async for chunk in response.aiter_bytes():
            yield chunk
    elif kind == JSON:
        body = await response.aread()
        message = parse_message(body)
        changed = await change(message) if message else message
        yield body if changed is message else json.dumps(changed).encode()
    else:
        stream = EventStream()
        async for chunk in response.aiter_bytes():
            for event in stream.feed(chunk):
                yield await changed_event(event, change)
        yield stream.rest


def content_type(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def headers_for(headers: Iterable[tuple[bytes, bytes]], without: set[bytes]) -> Headers:
    return [(name, value) for name, value in headers if name.lower() not in without]


async def send_json(send: Any, status: int, message: Message) -> None:
    body = json.dumps(message).encode()
    headers = [(b"content-type", JSON.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def send_error(send: Any, status: int, text: str, request_id: Any = None) -> None:
    error = {"code": SERVER_ERROR, "message": text}
    await send_json(send, status, {"jsonrpc": "2.0", "id": request_id, "error": error})
