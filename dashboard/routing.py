from django.urls import path

from dashboard.live.page_consumer import LivePage
from dashboard.pages.all_pages import PAGES

page_socket = LivePage.as_asgi(pages=PAGES)
# Without the last slash, too: a refused handshake cannot say what is wrong with its address.
websocket_urlpatterns = [path("ws/live/", page_socket), path("ws/live", page_socket)]
