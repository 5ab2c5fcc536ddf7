"""Store sessions in the database under a digest of their key, with their user.

A stolen table or backup therefore opens no session, and all sessions of a user can be deleted. A session that is
deleted while a request uses it stays deleted: Django answers that request with 400.
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
    """Hash a session key. It is long and random, so it needs neither salt nor a slow hash."""
    return hashlib.sha256(session_key.encode()).hexdigest()[:DIGEST_LETTERS]


class SessionStore(db.SessionStore):
    """Django's session store, with every query by digest. `session_key` is the key in the browser's cookie.

    The class must have Django's name, which is the salt of the signature of stored data.
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
    """Set the digest and the user of a new row."""
    session.session_key, session.user_id = digest(session.session_key), data.get(SESSION_KEY)
    made: Session = session
    return made
