"""Reject requests whose body is larger than the limit, before Django reads it, under any ASGI server.

The threat is memory: Django reads the whole body before it authenticates the sender. `manage.py up` rejects large
bodies earlier, in `server/`; other servers pass them on.

1. A Content-Length above the limit is answered with 413, and the body is not read.
2. A body without a length is counted as it arrives. At the limit the application receives a disconnect, which ends its
   reading, and the client receives 413. The application must therefore read the body before it answers, as Django does.
"""

from typing import Any

from django.http import HttpResponse

from config.asgi_types import Application, AsgiScope
from config.middleware.response_headers import added_headers
from marcus_events.access.authentication import Caller
from marcus_events.core.problem import Problem
from marcus_events.http import rejected_requests
from marcus_events.http.json_body import MAX_BODY, too_large
from marcus_events.http.plain_http import send_plain
from marcus_events.http.problem_response import plain_problem

API = ("/api/", "/mcp")  # what programs use: their rejected requests are recorded
MAX_DIGITS = 20  # to tell that a length is too large; Python refuses to read thousands of them


class BodyLimit:
    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: AsgiScope, receive: Any, send: Any) -> Any:
        if stated_length(scope) > MAX_BODY:
            return await refuse(too_large(), scope, send)
        counted = CountedReceive(receive)
        await self.application(scope, counted, send)
        return await refuse(too_large(), scope, send) if counted.is_too_large else None


class CountedReceive:
    """Wraps `receive`; returns a disconnect once more than the limit has been received."""

    def __init__(self, receive: Any) -> None:
        self.receive = receive
        self.received = 0  # bytes

    @property
    def is_too_large(self) -> bool:
        return self.received > MAX_BODY

    async def __call__(self) -> Any:
        message = await self.receive()
        self.received += len(message.get("body", b""))
        return {"type": "http.disconnect"} if self.is_too_large else message


def stated_length(scope: AsgiScope) -> int:
    """Return the Content-Length; 0 if it is missing or not a number, since the body is counted anyway."""
    stated = [value for name, value in scope["headers"] if name == b"content-length"]
    return max((int(value[:MAX_DIGITS]) for value in stated if value.isdigit()), default=0)


def caller_of(scope: AsgiScope) -> Caller:
    authorization = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"), "")
    return Caller.of((scope.get("client") or ("",))[0], authorization)


async def refuse(problem: Problem, scope: AsgiScope, send: Any) -> None:
    if scope.get("path", "").startswith(API):
        rejected_requests.record_problem(problem, caller_of(scope), scope["method"], scope["path"])
    await send_plain(plain_problem(problem), added_headers(scope), send)


async def send_response(response: HttpResponse, send: Any) -> None:
    """Send a complete response over ASGI, without Django's handler."""
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.items()]
    headers.append((b"content-length", str(len(response.content)).encode()))
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": response.content})
