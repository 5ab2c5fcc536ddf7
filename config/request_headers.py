"""The request headers that the application reads. Others are removed before Django or Channels see a request.

To read another header, add it here with the reason why that is safe. Nothing that is cached for several users (rows,
regions, the API's description) may depend on a header.
"""

from __future__ import annotations

from typing import Any

from config.asgi_types import Application, AsgiScope

READ = {
    "accept": "api.negotiation: JSON or CloudEvents. Chooses between two forms of the same answer",
    "accept-encoding": "WhiteNoise: the compressed form of a static file",
    "authorization": "access.authentication: a program's token, which is looked up by its hash",
    "content-encoding": "api.publish: anything but identity is refused",
    "content-length": "config.middleware.body_limit: what is too large is refused; the server counts what comes",
    "content-type": "Django and api.publish: how a body is parsed; the charset is not read",
    "cookie": "Django: the session, whose key is random, and the form token, which must match the form's",
    "host": "Django and config.middleware.origin: compared with MARCUS_ALLOWED_HOSTS. Links to this site begin with it",
    "hx-request": "django-htmx: a fragment in place of the whole page",
    "if-modified-since": "WhiteNoise: 304 for a static file",
    "if-none-match": "WhiteNoise: 304 for a static file",
    "mcp-method": "the MCP SDK: must equal the method in the body",
    "mcp-name": "the MCP SDK: must equal the name of the tool in the body",
    "mcp-protocol-version": "the MCP SDK: chooses between the versions of the protocol",
    "origin": "Django's CSRF check, middleware.origin and mcp_endpoint: compared with the host; pages cannot set it",
    "range": "WhiteNoise: a part of a static file",
    "referer": "Django's CSRF check over TLS, where a browser sends no Origin",
    "traceparent": "api.publish: kept with an event as its producer stated it, after a check of its form",
    "user-agent": "django-axes and sign_in.session_details: kept, cut short, beside a sign-in; never decides anything",
    "x-csrftoken": "Django's CSRF check: the form token of a script's request, which must match the cookie's",
    "x-drawer": "dashboard.pages: a fragment (of a task, a blocker, what is found by name) in place of the page",
}
READ_BY_PREFIX = {"ce-": "http.cloudevents: the attributes of a CloudEvent in binary mode, checked like any event's"}

# A proxy's headers are read by config.middleware.proxy_headers alone, from trusted addresses alone, and removed with
# the rest: X-Forwarded-For, X-Forwarded-Proto and the one that MARCUS_REMOTE_USER_HEADER names.

_names = frozenset(name.encode() for name in READ)
_prefixes = tuple(prefix.encode() for prefix in READ_BY_PREFIX)


class RequestHeaders:
    """ASGI middleware that passes on only the headers in the table."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: AsgiScope, receive: Any, send: Any) -> Any:
        if "headers" in scope:
            scope = scope | {"headers": [header for header in scope["headers"] if is_read(header[0])]}
        return await self.application(scope, receive, send)


def is_read(name: bytes) -> bool:
    """Whether the application reads the header, whose name ASGI servers give in lower case.

    A name with an underscore is rejected: Django would take it for the name with a hyphen.
    """
    return b"_" not in name and (name in _names or name.startswith(_prefixes))
