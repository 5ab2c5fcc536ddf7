"""Handle POST /api/events without Django's middleware and objects, which cost ten times as much as ingesting an event.

Everything that Django's middleware would refuse goes on to it: unknown host names, forged proxy headers, bodies that
are stated to be too large. The answers have the headers that it adds.
"""

from __future__ import annotations

from typing import Any

from config.asgi_types import Application, AsgiScope
from config.middleware.body_limit import refuse, stated_length
from config.middleware.origin import is_allowed_host, only_header
from config.middleware.response_headers import added_headers
from marcus_events.access.authentication import Caller
from marcus_events.api.publish import PublishRequest, publish
from marcus_events.http.asgi_request import BodyLimitExceeded, ClientDisconnected, read_body
from marcus_events.http.json_body import MAX_BODY, too_large
from marcus_events.http.plain_http import decode_headers, send_plain

PATH = "/api/events"


class Publishing:
    def __init__(self, application: Application) -> None:
        self.application = application

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
        return await send_plain(response, added_headers(scope), send)


def is_for_us(scope: AsgiScope) -> bool:
    """Whether this is a request to publish that Django's middleware would let pass."""
    return (
        scope["method"] == "POST"
        and scope["path"] == scope.get("root_path", "") + PATH
        and scope["refusal"] is None
        and is_allowed_host(only_header(scope, b"host"))
        and stated_length(scope) <= MAX_BODY
    )
