"""Requests whose text is UTF-8, whatever their header `Content-Type` says, and whose health is told under any name.

Django reads the query in the charset that this header names: with one that is no text (`zlib`), and with parameters
that it cannot decode, every view would fail before it has begun. Nobody sends another charset but to see what happens.
"""

from __future__ import annotations

from typing import Any

import django
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.utils.http import parse_header_parameters

ANY_HOST = ("/healthz", "/readyz")  # whoever watches over this process may reach it by its bare address


class Utf8Request(ASGIRequest):
    def get_host(self) -> str:
        """Django asks for it in every request, and refuses a name that is not in ALLOWED_HOSTS."""
        return "" if self.path in ANY_HOST else super().get_host()

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        """What cannot be read is no type, and refused as such by whoever needs one."""
        try:
            self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        except ValueError:
            self.content_type, self.content_params = "", {}


class Utf8Handler(ASGIHandler):
    request_class = Utf8Request


def http_application() -> ASGIHandler:
    """Django, set up."""
    django.setup(set_prefix=False)
    return Utf8Handler()
