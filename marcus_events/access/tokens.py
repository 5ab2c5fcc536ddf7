"""API tokens for programs: the secret is shown once and stored as a hash.

A secret has 256 random bits, so its plain SHA-256 cannot be reversed by guessing and needs no salt.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from threading import Lock
from typing import Literal, get_args

from cachetools import TTLCache

from marcus_events.core.event import utc_now
from marcus_events.core.payload import check_name
from marcus_events.log.listener import listener
from marcus_events.models import Token

TokenScope = Literal["publish", "read"]
SCOPES: tuple[TokenScope, ...] = get_args(TokenScope)
PREFIX = "mev_"  # so that a token is recognised when it turns up where it should not be
PREFIX_LENGTH = len(PREFIX) + 4  # characters kept in clear, to tell tokens apart
LAST_USED_INTERVAL = timedelta(minutes=1)  # a write per request would cost more than it tells
CACHE_S = LAST_USED_INTERVAL.total_seconds()
MAX_CACHED = 1_000  # tokens in use within a minute


def create(
    name: str,
    scopes: Iterable[str] = SCOPES,
    boards: Iterable[str] = (),
    sources: Iterable[str] = (),
    expires_at: datetime | None = None,
    created_by: int | None = None,
) -> str:
    """Create a token and return its secret, which cannot be read again.

    `boards` are board ids, `sources` patterns of the sources it may publish under; empty means all. Raises ValueError
    for an unknown scope, an empty name, or an expiry in the past.
    """
    check_name(name, "name")
    wanted = list(dict.fromkeys(scopes))
    if not wanted or set(wanted) - set(SCOPES):
        raise ValueError(f"permissions must be {' or '.join(SCOPES)}, not {', '.join(wanted) or 'empty'}")
    if expires_at is not None and expires_at <= utc_now():
        raise ValueError("the expiry is in the past")
    secret = PREFIX + secrets.token_urlsafe(32)
    Token.objects.create(
        name=name,
        prefix=secret[:PREFIX_LENGTH],
        digest=digest(secret),
        scopes=wanted,
        boards=check_names(boards, "board"),
        sources=check_names(sources, "source"),
        expires_at=expires_at,
        created_by_id=created_by,
    )
    return secret


def check_names(names: Iterable[str], what: str) -> list[str]:
    return [check_name(name, what) for name in dict.fromkeys(names)]


def find(secret: str) -> Token | None:
    """Return the token with this secret, expired or not; None if it is unknown or revoked."""
    token = Token.objects.filter(digest=digest(secret), revoked_at=None).first()
    now = utc_now()
    if token and (token.last_used_at is None or now - token.last_used_at > LAST_USED_INTERVAL):
        Token.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def revoke(name: str) -> bool:
    """Revoke the token of this name; return whether there was a valid one."""
    is_revoked = bool(Token.objects.filter(name=name, revoked_at=None).update(revoked_at=utc_now()))
    clear_cache()
    return is_revoked


# By digest: the token, and what `Listener.rights` was before it was looked up.
_recent: TTLCache[bytes, tuple[Token, int]] = TTLCache(MAX_CACHED, CACHE_S)
_lock = Lock()


def find_cached(secret: str) -> Token | None:
    """Return the token if it is in the cache and cannot have changed since; None does not mean that it is unknown."""
    key = digest(secret)
    with _lock:
        token, rights = _recent.get(key, (None, None))
    return token if rights == listener().rights else None


def find_and_cache(secret: str) -> Token | None:
    """Find a token and cache it, unless the listener is disconnected and would miss a change."""
    rights = listener().rights
    token = find(secret)
    if token and rights is not None:
        key = digest(secret)
        with _lock:
            _recent[key] = token, rights
    return token


def clear_cache() -> None:
    """Empty the cache of this process. Other processes are notified by the database."""
    with _lock:
        _recent.clear()


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()
