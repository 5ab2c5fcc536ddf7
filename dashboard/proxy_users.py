"""People whom a proxy in front has signed in: single sign-on, off until MARCUS_REMOTE_USER_HEADER names its header.

The threat is anybody who reaches this process beside the proxy, or a proxy that lets a client's own header through:
either could be anyone. So the header is taken only where MARCUS_HTTPS says that a proxy is in front, and the proxy has
to set it or remove it in every request.

Who is new is made a user who watches, and sees no board until somebody gives them one.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.backends import RemoteUserBackend
from django.contrib.auth.middleware import RemoteUserMiddleware
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest


class ProxyUserMiddleware(RemoteUserMiddleware):
    """Without the header nobody is signed in, whatever session they show, if it was begun with one."""

    @property
    def header(self) -> str:  # type: ignore[override]
        return f"HTTP_{settings.REMOTE_USER_HEADER.upper().replace('-', '_')}"


class ProxyUserBackend(RemoteUserBackend):
    def authenticate(self, request: HttpRequest | None, remote_user: str | None) -> User | None:  # type: ignore[override]
        """Nobody of a name that no user can have."""
        try:
            User._meta.get_field("username").clean(remote_user, None)
        except ValidationError:
            return None
        return super().authenticate(request, remote_user)  # type: ignore[arg-type]

    def configure_user(self, request: HttpRequest | None, user: User, created: bool = True) -> User:  # type: ignore[override]
        if created:
            user.set_unusable_password()
            user.save()
        return user
