"""Read the headers of a trusted proxy, once for each request and WebSocket, into the ASGI scope.

    client        the client's own address, not the proxy's
    scheme        https or wss where the client speaks TLS with the proxy
    remote_user   in single sign-on, the name of the user whom the proxy has signed in; "" otherwise
    refusal       the Problem of a request with a proxy's headers that does not come from a trusted one

The path's prefix comes from the settings alone: some servers take one from a header of any client.
"""

from __future__ import annotations

from typing import Any

from channels.security.websocket import WebsocketDenier
from django.conf import settings

from config.asgi_types import Application, AsgiScope
from marcus_events.access import trusted_proxies
from marcus_events.access.authentication import Caller
from marcus_events.core.problem import Problem
from marcus_events.http import rejected_requests

TLS = {"http": "https", "websocket": "wss"}


class ProxyHeaders:
    """ASGI middleware. `dashboard.pages.sign_in.proxy_users` answers a refused request."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: AsgiScope, receive: Any, send: Any) -> Any:
        if scope["type"] not in TLS:
            return await self.application(scope, receive, send)
        told = read_proxy_headers(scope)
        problem = told["refusal"]
        if problem and scope["type"] == "websocket":
            rejected_requests.record_problem(problem, Caller(told["client"][0]), "WS", scope["path"])
            return await WebsocketDenier()(told, receive, send)
        return await self.application(told, receive, send)


def read_proxy_headers(scope: AsgiScope) -> AsgiScope:
    peer, port = scope.get("client") or ("", 0)
    headers = scope["headers"]
    told = scope | {
        "client": (trusted_proxies.client_address(peer, headers), port),
        "root_path": settings.FORCE_SCRIPT_NAME or "",
        "remote_user": "",
        "refusal": None,
    }
    if trusted_proxies.is_tls(peer, headers):
        told["scheme"] = TLS[scope["type"]]
    try:
        told["remote_user"] = trusted_proxies.remote_user(peer, headers)
    except Problem as problem:
        told["refusal"] = problem
    return told
