"""ASGI and Django middleware."""
