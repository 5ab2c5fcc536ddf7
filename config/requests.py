"""Requests whose text is UTF-8, whatever their header `Content-Type` says.

Django reads the query in the charset that this header names: with one that is no text (`zlib`), and with parameters
that it cannot decode, every view would fail before it has begun. Nobody sends another charset but to see what happens.
"""

from __future__ import annotations

from typing import Any

import django
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.utils.http import parse_header_parameters


class Request(ASGIRequest):
    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        """What cannot be read is no type, and refused as such by whoever needs one."""
        try:
            self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))
        except ValueError:
            self.content_type, self.content_params = "", {}


class Handler(ASGIHandler):
    request_class = Request


def http_application() -> ASGIHandler:
    """Django, set up."""
    django.setup(set_prefix=False)
    return Handler()
