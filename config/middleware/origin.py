"""Accept WebSocket handshakes only from this site's own pages, and from programs with a token.

The threat is cross-site WebSocket hijacking. A browser opens a WebSocket from any page to any host and sends that
host's cookies; neither the same-origin policy nor a CSRF token prevents it. Any page that a signed-in user visits could
read every event as that user. It cannot forge its Origin, however.

A handshake is rejected unless its Host is an allowed one (which defeats DNS rebinding) and it has exactly one Origin,
which is the host's own or in CSRF_TRUSTED_ORIGINS. Behind TLS only https origins count: a page that was loaded without
TLS may be forged.

A handshake without an Origin and with the header Authorization comes from a program: no page can make a browser set
that header on a WebSocket, or omit the Origin. Its cookies are removed, so that only the token counts. A token does not
help with an Origin that is not allowed.
"""

from typing import Any

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.http.request import split_domain_port, validate_host

from config.asgi_types import Application, AsgiScope
from config.middleware import unknown_host

DEFAULT_PORTS = {"http": "80", "https": "443"}


class SameOrigin:
    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: AsgiScope, receive: Any, send: Any) -> Any:
        if is_a_program(scope):
            return await self.application(without_cookies(scope), receive, send)
        host = only_header(scope, b"host")
        if not is_allowed_host(host):
            unknown_host.refuse(host, (scope.get("client") or ("",))[0], "WS", scope["path"])
        chosen = self.application if is_allowed(only_header(scope, b"origin"), host) else WebsocketDenier()
        return await chosen(scope, receive, send)


def is_a_program(scope: AsgiScope) -> bool:
    named = [name for name, _ in scope["headers"]]
    return (
        b"origin" not in named
        and bool(only_header(scope, b"authorization"))
        and is_allowed_host(only_header(scope, b"host"))
    )


def without_cookies(scope: AsgiScope) -> AsgiScope:
    return scope | {"headers": [(name, value) for name, value in scope["headers"] if name != b"cookie"]}


def is_allowed(origin: str, host: str) -> bool:
    if not is_allowed_host(host):
        return False
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    scheme, _, authority = origin.partition("://")
    if scheme not in ({"https"} if settings.SESSION_COOKIE_SECURE else DEFAULT_PORTS):
        return False
    return _with_port(authority, scheme) == _with_port(host, scheme)


def is_allowed_host(host: str) -> bool:
    """Whether the host name is in ALLOWED_HOSTS."""
    domain, _ = split_domain_port(host)
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)


def _with_port(authority: str, scheme: str) -> str:
    """Add the default port: `events.example` and `events.example:443` are the same https origin."""
    domain, port = split_domain_port(authority)
    return f"{domain}:{port or DEFAULT_PORTS[scheme]}" if domain else ""


def only_header(scope: AsgiScope, name: bytes) -> str:
    """Return the header's value in lower case; "" if it is missing or was sent twice."""
    values = [value for key, value in scope["headers"] if key == name]
    return values[0].decode("latin-1").lower() if len(values) == 1 else ""
