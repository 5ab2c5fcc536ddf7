"""ASGI and Django middleware: every request passes through these before it reaches a view."""
