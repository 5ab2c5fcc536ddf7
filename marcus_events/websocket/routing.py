from django.urls import path

from marcus_events.websocket.consumer import Programs

# Without the last slash, too: a refused handshake cannot say what is wrong with its address.
websocket_urlpatterns = [path("ws/events/", Programs.as_asgi()), path("ws/events", Programs.as_asgi())]
