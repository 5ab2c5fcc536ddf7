"""The names that were tried at sign-in, as they are stored: people type passwords into the wrong field."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.crypto import salted_hmac


def typed_name(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str | None:
    """`AXES_USERNAME_CALLABLE`: what django-axes counts by, and writes down."""
    name = (credentials or {}).get("username") or request.POST.get("username")
    return None if name is None else stored(str(name))


def stored(name: str) -> str:
    """A keyed digest: without the secret key nobody can try words against it."""
    return salted_hmac("dashboard.typed_names", name, algorithm="sha256").hexdigest()
