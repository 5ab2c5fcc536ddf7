"""Who may open a WebSocket: only this site's own pages, and programs with a token.

The threat is cross-site WebSocket hijacking. A browser opens a WebSocket from any page to any host and
sends that host's cookies along; neither the same-origin policy nor a CSRF token stands in between. So any
page that a signed-in person visits could read every event as that person. What it can not do is lie about
its Origin.

The handshake is refused unless it was sent to a Host that this site answers to (so that a name rebound to this
address does not count), and has exactly one Origin, which is that host's or is in CSRF_TRUSTED_ORIGINS. Behind TLS
only https origins count: a page that came in the clear can be anybody's.

A handshake without any Origin that carries the header Authorization is a program's: no page can make a browser
set that header on a WebSocket, nor leave the Origin out. Its cookies are taken away, so that it is who its token
says and nobody else. With an Origin that is not allowed, a token does not help.
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
        host = _only(scope, b"host")
        if not is_allowed_host(host):
            unknown_host.refuse(host, (scope.get("client") or ("",))[0], "WS", scope["path"])
        chosen = self.application if is_allowed(_only(scope, b"origin"), host) else WebsocketDenier()
        return await chosen(scope, receive, send)


def is_a_program(scope: AsgiScope) -> bool:
    named = [name for name, _ in scope["headers"]]
    return b"origin" not in named and bool(_only(scope, b"authorization")) and is_allowed_host(_only(scope, b"host"))


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
    """A name that this site answers to."""
    domain, _ = split_domain_port(host)
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)


def _with_port(authority: str, scheme: str) -> str:
    """`events.example` and `events.example:443` are one https origin."""
    domain, port = split_domain_port(authority)
    return f"{domain}:{port or DEFAULT_PORTS[scheme]}" if domain else ""


def _only(scope: AsgiScope, name: bytes) -> str:
    """The header's value, or nothing where it is missing or sent twice."""
    values = [value for key, value in scope["headers"] if key == name]
    return values[0].decode("latin-1").lower() if len(values) == 1 else ""
