from django.urls import path

from marcus_events.sockets.consumer import Programs

websocket_urlpatterns = [path("ws/events/", Programs.as_asgi())]
