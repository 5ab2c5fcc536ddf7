"""Identify users by the session of their browser."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, get_user
from django.contrib.auth.backends import RemoteUserBackend
from django.http import HttpRequest
from django.utils.module_loading import import_string

from marcus_events.access.session_store import SessionStore
from marcus_events.access.visibility import Visibility, visibility_of

# How long a connection may live on the name that a proxy gave at its handshake. Then its client has to connect again,
# through the proxy, which knows who has signed out there.
PROXY_SIGN_IN_S = 10 * 60.0


def visibility_of_session(session_key: str, remote_user: str = "") -> Visibility | None:
    """Return what the session's user may see now; None if the session or the user is not valid any more.

    `remote_user` is the user that a proxy named when the connection was opened, and must be the session's user. Without
    one, a session that a proxy began is refused.
    """
    request = HttpRequest()
    request.session = SessionStore(session_key)
    user = get_user(request)
    if not user.is_authenticated or not is_usable_by(request.session, user.get_username(), remote_user):
        return None
    return visibility_of(user)


def is_usable_by(session: Any, username: str, remote_user: str) -> bool:
    """Whether the proxy's `remote_user`, "" for none, may use this session of `username`."""
    return username == remote_user if remote_user else not is_proxy_session(session)


def is_proxy_session(session: Any) -> bool:
    backend = session.get(BACKEND_SESSION_KEY)
    if backend not in settings.AUTHENTICATION_BACKENDS:
        return False  # nobody's: Django itself gives it no user
    return issubclass(import_string(backend), RemoteUserBackend)
