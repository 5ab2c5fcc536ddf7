"""Sessions in the database, each with its user, and under a digest of its key.

Whoever reads the table, or a backup of it, opens no session; and all sessions of a user can be deleted. A session that
was deleted while a request was using it stays deleted: Django answers that request with 400.
"""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.utils import timezone

from marcus_events.models import Session

DIGEST_LETTERS = 40  # as many as the column holds: 160 bits


def digest(session_key: str) -> str:
    """A key is random and long, so it needs neither salt nor a slow hash."""
    return hashlib.sha256(session_key.encode()).hexdigest()[:DIGEST_LETTERS]


class SessionStore(db.SessionStore):
    """Everything that asks the table asks for the digest; `session_key` is the key in the browser's cookie.

    The class keeps Django's name: Django signs what it stores with it.
    """

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def _get_session_from_db(self) -> Any:
        return self._known(self._stored().first())

    async def _aget_session_from_db(self) -> Any:
        return self._known(await self._stored().afirst())

    def _stored(self) -> Any:
        key = digest(self.session_key or "")
        return self.model.objects.filter(session_key=key, expire_date__gt=timezone.now())

    def _known(self, found: Any) -> Any:
        if found is None:
            self._session_key = None
        return found

    def exists(self, session_key: str) -> bool:
        return super().exists(digest(session_key))

    async def aexists(self, session_key: str) -> bool:
        return await super().aexists(digest(session_key))

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        return with_digest_and_user(super().create_model_instance(data), data)

    async def acreate_model_instance(self, data: dict[str, Any]) -> Session:
        return with_digest_and_user(await super().acreate_model_instance(data), data)

    def delete(self, session_key: str | None = None) -> None:
        if key := session_key or self.session_key:
            super().delete(digest(key))

    async def adelete(self, session_key: str | None = None) -> None:
        if key := session_key or self.session_key:
            await super().adelete(digest(key))


def with_digest_and_user(session: Any, data: dict[str, Any]) -> Session:
    """The row as it is stored, with its user."""
    session.session_key, session.user_id = digest(session.session_key), data.get(SESSION_KEY)
    made: Session = session
    return made
