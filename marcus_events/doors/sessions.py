"""People, by their session in the browser."""

from __future__ import annotations

from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest


def is_signed_in(session_key: str) -> bool:
    """By the session as it is stored now, and the user as they are now: active, and with the same password."""
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    return get_user(request).is_authenticated
