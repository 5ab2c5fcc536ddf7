"""Requests that are always decoded as UTF-8, and health checks under any host name.

Django decodes the query string with the charset of `Content-Type`. With a codec that is not text (`zlib`), or with
parameters that it cannot decode, every request would fail with 500.
"""

from __future__ import annotations

from typing import Any

import django
from django.core.handlers.asgi import ASGIHandler, ASGIRequest

from marcus_events.http.plain_http import parse_content_type

ANY_HOST = ("/healthz", "/readyz")  # whoever watches over this process may reach it by its bare address


class Utf8Request(ASGIRequest):
    def get_host(self) -> str:
        """Return the host; without Django's check of ALLOWED_HOSTS for health checks."""
        return "" if self.path in ANY_HOST else super().get_host()

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        """Ignore the charset."""
        self.content_type, self.content_params = parse_content_type(meta.get("CONTENT_TYPE", ""))


class Utf8Handler(ASGIHandler):
    request_class = Utf8Request


def http_application() -> ASGIHandler:
    """Set up Django and return its ASGI handler."""
    django.setup(set_prefix=False)
    return Utf8Handler()
