"""Keys for programs: made once, shown once, stored hashed.

A token has 256 random bits, so a plain SHA-256 of it cannot be reversed by guessing and needs no salt.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, get_args

from marcus_events.core.event import utc_now
from marcus_events.core.payload import check_name
from marcus_events.log.listener import listener
from marcus_events.models import Token

TokenScope = Literal["publish", "read"]
SCOPES: tuple[TokenScope, ...] = get_args(TokenScope)
MARK = "mev_"  # so that a token is recognised when it turns up where it should not be
PREFIX_LENGTH = len(MARK) + 4  # characters kept in clear, to tell tokens apart
NOTE_USE_EVERY = timedelta(minutes=1)  # a write per request would cost more than it tells
KEEP_FOUND_S = NOTE_USE_EVERY.total_seconds()
MOST_FOUND = 1_000  # tokens in use within a minute


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
    secret = MARK + secrets.token_urlsafe(32)
    Token.objects.create(
        name=name,
        prefix=secret[:PREFIX_LENGTH],
        digest=digest(secret),
        scopes=wanted,
        boards=checked(boards, "board"),
        sources=checked(sources, "source"),
        expires_at=expires_at,
    )
    return secret


def checked(names: Iterable[str], what: str) -> list[str]:
    return [check_name(name, what) for name in dict.fromkeys(names)]


def find(secret: str) -> Token | None:
    """The token with this secret, expired or not; None where it is unknown or revoked, which look the same."""
    token = Token.objects.filter(digest=digest(secret), revoked_at=None).first()
    now = utc_now()
    if token and (token.last_used_at is None or now - token.last_used_at > NOTE_USE_EVERY):
        Token.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def revoke(name: str) -> bool:
    """Let it open nothing any more; whether there was one that did."""
    is_revoked = bool(Token.objects.filter(name=name, revoked_at=None).update(revoked_at=utc_now()))
    forget_found()
    return is_revoked


class RecentToken(NamedTuple):
    token: Token
    rights: int | None  # what `Listener.rights` was before it was looked up
    at: float


_found: dict[bytes, RecentToken] = {}  # by digest


def find_recent(secret: str) -> Token | None:
    """The token, where it was looked up lately and cannot have changed since; None says nothing."""
    found = _found.get(digest(secret))
    is_current = found and found.rights == listener().rights and time.monotonic() - found.at < KEEP_FOUND_S
    return found.token if found and is_current else None


def find_and_keep(secret: str) -> Token | None:
    """Like `find`, for `find_recent` to know. While changes would not be heard of, nothing is kept."""
    rights = listener().rights
    token = find(secret)
    if token and rights is not None:
        if len(_found) >= MOST_FOUND:
            forget_found()
        _found[digest(secret)] = RecentToken(token, rights, time.monotonic())
    return token


def forget_found() -> None:
    """In this process at once; elsewhere the database tells of the change."""
    _found.clear()


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()
