"""The ASGI application: pages and the API through Django, live pages over WebSockets. Any ASGI server runs it."""

import os

from config.requests import http_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
http = http_application()  # sets Django up: whatever imports models comes after it

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter

from config.body_limit import BodyLimit
from config.origin import SameOrigin
from dashboard.routing import websocket_urlpatterns

application = ProtocolTypeRouter(
    {
        "http": BodyLimit(http),
        "websocket": SameOrigin(AuthMiddlewareStack(URLRouter(websocket_urlpatterns))),
    }
)
