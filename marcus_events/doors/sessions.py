"""People, by their session in the browser. `SESSION_ENGINE` names this module."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import SESSION_KEY, get_user
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.http import HttpRequest

from marcus_events.doors.sight import Sight, sight_of
from marcus_events.models import Session


class SessionStore(DatabaseSessions):
    """Django's sessions in the database, each with its user, so that all sessions of a user can be deleted.

    The class keeps Django's name: Django signs what it stores with it. A session that was deleted while a request was
    using it stays deleted: Django answers that request with 400.
    """

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        return with_user(super().create_model_instance(data), data)

    async def acreate_model_instance(self, data: dict[str, Any]) -> Session:
        return with_user(await super().acreate_model_instance(data), data)


def with_user(session: Any, data: dict[str, Any]) -> Session:
    session.user_id = data.get(SESSION_KEY)
    made: Session = session
    return made


def sight_of_session(session_key: str) -> Sight | None:
    """By the session as it is stored now, and the user as they are now: active, with the same password and these
    permissions. None where nobody is signed in.
    """
    request = HttpRequest()
    request.session = SessionStore(session_key)
    user = get_user(request)
    return sight_of(user) if user.is_authenticated else None
