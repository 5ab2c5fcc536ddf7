"""The composition root: settings, URLs and the ASGI application."""
