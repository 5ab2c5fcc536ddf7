"""People, by their session in the browser."""

from __future__ import annotations

from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest

from marcus_events.doors.sight import Sight, sight_of


def sight_of_session(session_key: str) -> Sight | None:
    """By the session as it is stored now, and the user as they are now: active, with the same password and these
    permissions. None where nobody is signed in.
    """
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = get_user(request)
    return sight_of(user) if user.is_authenticated else None
