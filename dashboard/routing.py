from django.urls import path

from dashboard.consumers import LivePage

# Without the last slash, too: a refused handshake cannot say what is wrong with its address.
websocket_urlpatterns = [path("ws/live/", LivePage.as_asgi()), path("ws/live", LivePage.as_asgi())]
