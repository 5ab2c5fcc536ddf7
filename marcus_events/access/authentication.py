"""Authenticate requests by a bearer token in the `Authorization` header.

A token in a URL is not read: URLs end up in logs. Every check raises Problem. A request is checked in this order:

1. The rate limit of its address.
2. The token exists and is not revoked. Both failures give the same answer, and count against a separate rate limit.
3. The token has not expired. The answer says so, since only its holder can learn that.
4. The token has the required scope.
5. The rate limit of the token.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus

from marcus_events.access import rate_limits, tokens
from marcus_events.access.tokens import TokenScope
from marcus_events.core.event import utc_now
from marcus_events.core.problem import Problem
from marcus_events.models import Token

MISSING = "Send a token in the header: Authorization: Bearer TOKEN"
MAX_REMEMBERED = 1024  # addresses
UNKNOWN = "Unknown token: it was revoked or belongs to another log."


@dataclass(frozen=True)
class Caller:
    """The client's address and its token; `secret` is "" without a token.

    A token without the scheme Bearer is refused as an unknown one, even if it is valid.
    """

    address: str
    secret: str = ""
    is_bearer: bool = True

    @classmethod
    def of(cls, address: str, authorization: str) -> Caller:
        """Parse the header `Authorization`; for `address` see `trusted_proxies.client_address`."""
        scheme, _, secret = authorization.partition(" ")
        if authorization and (scheme.lower() != "bearer" or not secret.strip()):
            return cls(address, scheme, is_bearer=False)
        return cls(address, secret.strip())

    @property
    def prefix(self) -> str:
        """The first characters of the token, which may be shown to people."""
        return self.secret[: tokens.PREFIX_LENGTH] if self.secret.startswith(tokens.PREFIX) else ""


def check_address_rate(caller: Caller) -> None:
    """Count the request against the rate limit of its address (step 1)."""
    rate_limits.check("address", network_of(caller.address), "Too many requests from this address")


def authenticate(caller: Caller, scope: TokenScope) -> Token:
    """Return the caller's token if it is valid and has the scope, and count the request (steps 2 to 5)."""
    return authorise(find_token(caller), scope)


async def authenticate_async(
    caller: Caller, scope: TokenScope, aside: Callable[[Callable[[], Token]], Awaitable[Token]]
) -> Token:
    """Do the same on an event loop: a database query goes through `aside`."""
    return authorise(await find_token_async(caller, aside), scope)


def find_token(caller: Caller) -> Token:
    """Return the caller's token (steps 2 and 3)."""
    if not caller.secret:
        raise Problem(HTTPStatus.UNAUTHORIZED, MISSING)
    token = tokens.find_cached(caller.secret) or tokens.find_and_cache(caller.secret) if caller.is_bearer else None
    if token is None:
        rate_limits.check("stranger", network_of(caller.address), "Too many unknown tokens from this address")
        raise Problem(HTTPStatus.UNAUTHORIZED, UNKNOWN if caller.is_bearer else MISSING)
    return check_not_expired(token)


async def find_token_async(caller: Caller, aside: Callable[[Callable[[], Token]], Awaitable[Token]]) -> Token:
    """Return the caller's token (steps 2 and 3) on an event loop: a database query goes through `aside`."""
    recent = tokens.find_cached(caller.secret) if caller.is_bearer else None
    return check_not_expired(recent) if recent else await aside(lambda: find_token(caller))


def has_guessed_too_often(caller: Caller) -> bool:
    """Return whether the caller sends a token from an address that has used up its limit of unknown ones."""
    return bool(caller.secret) and rate_limits.is_exhausted("stranger", network_of(caller.address))


def check_not_expired(token: Token) -> Token:
    """Return the token unless it has expired (step 3)."""
    if token.expires_at is not None and token.expires_at <= utc_now():
        raise Problem(HTTPStatus.UNAUTHORIZED, f"This token expired at {token.expires_at.isoformat()}.")
    return token


def authorise(token: Token, scope: TokenScope) -> Token:
    """Check the scope and count the request against the token's rate limit (steps 4 and 5)."""
    check_scope(token, scope)
    check_token_rate(token)
    return token


def check_scope(token: Token, scope: TokenScope) -> None:
    """Check that the token has the scope (step 4)."""
    if scope not in token.scopes:
        raise Problem(HTTPStatus.FORBIDDEN, f"This token has no {scope} permission.")


def check_token_rate(token: Token) -> None:
    """Count the request against the rate limit of the token (step 5)."""
    rate_limits.check("token", str(token.pk), "Too many requests with this token")


@lru_cache(MAX_REMEMBERED)
def network_of(address: str) -> str:
    """Return the key by which an address is limited: an IPv6 client owns a whole /64, an IPv4 client one address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else address
