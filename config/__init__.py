"""The composition root: settings, URLs and the ASGI application. The only place that knows every part."""
