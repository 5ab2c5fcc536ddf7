"""Answer /healthz without a thread, the database or a check of the host name, so that it works under any load.

Methods other than GET and HEAD go on to Django, which rejects them: see `marcus_events.api.health`.
"""

from __future__ import annotations

from typing import Any

from config.asgi_types import Application, AsgiScope
from config.middleware.caching import PRIVATE
from marcus_events.http.problem_response import SECURITY_HEADERS

PATH = "/healthz"
BODY = b'{"status": "ok"}'
HEADERS = {
    "Content-Type": "application/json",
    "Content-Length": str(len(BODY)),
    "Cache-Control": PRIVATE,
    **SECURITY_HEADERS,
}


class Healthz:
    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: AsgiScope, receive: Any, send: Any) -> Any:
        if scope["type"] != "http" or scope["path"] != PATH or scope["method"] not in ("GET", "HEAD"):
            return await self.application(scope, receive, send)
        headers = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        return await send({"type": "http.response.body", "body": BODY if scope["method"] == "GET" else b""})
