from django.urls import path

from dashboard.consumers import LivePage

websocket_urlpatterns = [path("ws/live/", LivePage.as_asgi())]
