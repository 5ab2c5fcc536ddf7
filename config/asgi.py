"""The ASGI application: pages and the API through Django, WebSockets through Channels.

Any ASGI server runs it. `ProxyHeaders` reads the headers of a trusted proxy, then `RequestHeaders` removes every header
that is not in its table, before anything else sees a request.
"""

import os

from config.utf8_request import http_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
http = http_application()  # sets Django up: whatever imports models comes after it

from channels.auth import AuthMiddleware
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import WebsocketDenier
from channels.sessions import CookieMiddleware
from django.urls import re_path

from config.middleware.body_limit import BodyLimit
from config.middleware.connection_limit import ConnectionLimit, TurnLimit
from config.middleware.liveness import Healthz
from config.middleware.mcp_endpoint import McpEndpoint
from config.middleware.origin import SameOrigin
from config.middleware.proxy_headers import ProxyHeaders
from config.middleware.publish_endpoint import Publishing
from config.middleware.session_reader import SessionReader
from config.middleware.stranger_limit import StrangerLimit
from config.request_headers import RequestHeaders
from dashboard import routing as pages
from marcus_events.websocket import routing as programs

# An address that there is not is refused: without a route, Channels fails and the server says 500, for whoever asks.
nothing_here = re_path("", WebsocketDenier.as_asgi())
addresses = [*pages.websocket_urlpatterns, *programs.websocket_urlpatterns, nothing_here]

protocols = ProtocolTypeRouter(
    {
        "http": ConnectionLimit(Publishing(BodyLimit(McpEndpoint(StrangerLimit(TurnLimit(http)))))),
        "websocket": SameOrigin(CookieMiddleware(SessionReader(AuthMiddleware(URLRouter(addresses))))),
    }
)
application = Healthz(ProxyHeaders(RequestHeaders(protocols)))
