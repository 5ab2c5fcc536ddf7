"""Keys for programs: made once, shown once, stored hashed.

A token has 256 random bits, so a plain SHA-256 of it cannot be reversed by guessing and needs no salt.
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
) -> str:
    """Make a token and return it; nobody can see it again.

    `boards` are the ids of those it is for, `sources` the patterns of those it may speak for; none means all. Raises
    ValueError for an unknown scope, no name, or an end that has passed.
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
    )
    return secret


def check_names(names: Iterable[str], what: str) -> list[str]:
    return [check_name(name, what) for name in dict.fromkeys(names)]


def find(secret: str) -> Token | None:
    """The token with this secret, expired or not; None where it is unknown or revoked, which look the same."""
    token = Token.objects.filter(digest=digest(secret), revoked_at=None).first()
    now = utc_now()
    if token and (token.last_used_at is None or now - token.last_used_at > LAST_USED_INTERVAL):
        Token.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def revoke(name: str) -> bool:
    """Let it open nothing any more; whether there was one that did."""
    is_revoked = bool(Token.objects.filter(name=name, revoked_at=None).update(revoked_at=utc_now()))
    clear_cache()
    return is_revoked


# By digest: the token, and what `Listener.rights` was before it was looked up.
_recent: TTLCache[bytes, tuple[Token, int]] = TTLCache(MAX_CACHED, CACHE_S)
_lock = Lock()


def find_cached(secret: str) -> Token | None:
    """The token, where it was looked up lately and cannot have changed since; None says nothing."""
    key = digest(secret)
    with _lock:
        token, rights = _recent.get(key, (None, None))
    return token if rights == listener().rights else None


def find_and_cache(secret: str) -> Token | None:
    """Like `find`, for `find_recent` to know. While changes would not be heard of, nothing is kept."""
    rights = listener().rights
    token = find(secret)
    if token and rights is not None:
        key = digest(secret)
        with _lock:
            _recent[key] = token, rights
    return token


def clear_cache() -> None:
    """In this process at once; elsewhere the database tells of the change."""
    with _lock:
        _recent.clear()


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()
