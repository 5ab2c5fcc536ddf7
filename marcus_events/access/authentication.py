"""Who comes in, and may they: by a token in the header `Authorization`, never in an address, which gets into logs.

1. An address that asks too often is told to wait, whoever it is.
2. A token that is unknown or revoked is refused, both in the same words; who tries many of them is told to wait.
3. One that has expired is told so: only who has it learns that.
4. One without the scope is refused.
5. One that asks too often is told to wait.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus

from marcus_events.access import rate_limits, tokens
from marcus_events.access.tokens import TokenScope
from marcus_events.core.event import utc_now
from marcus_events.core.problem import Problem
from marcus_events.models import Token

MISSING = "Send a token in the header: Authorization: Bearer TOKEN"
UNKNOWN = "Unknown token: it was revoked or belongs to another log."


@dataclass(frozen=True)
class Caller:
    """Where a request comes from, and the token it shows; `secret` is "" where it shows none.

    Without the word Bearer it is no token, even if it is a right one, and is refused as one that nobody knows.
    """

    address: str
    secret: str = ""
    is_bearer: bool = True

    @classmethod
    def of(cls, address: str, authorization: str) -> Caller:
        """From the client's address (see `proxies.client_address`) and the header `Authorization`."""
        scheme, _, secret = authorization.partition(" ")
        if authorization and (scheme.lower() != "bearer" or not secret.strip()):
            return cls(address, scheme, is_bearer=False)
        return cls(address, secret.strip())

    @property
    def prefix(self) -> str:
        """What a person may see of the token."""
        return self.secret[: tokens.PREFIX_LENGTH] if self.secret.startswith(tokens.PREFIX) else ""


def check_address_rate(caller: Caller) -> None:
    """Step 1. Raises Problem."""
    rate_limits.check("address", network_of(caller.address), "Too many requests from this address")


def authenticate(caller: Caller, scope: TokenScope) -> Token:
    """The token that allows this; the request is counted. Raises Problem."""
    return authorise(find_token(caller), scope)


async def authenticate_async(
    caller: Caller, scope: TokenScope, aside: Callable[[Callable[[], Token]], Awaitable[Token]]
) -> Token:
    """The same for an event loop: `aside` runs in a thread what has to ask the database."""
    recent = tokens.find_cached(caller.secret) if caller.is_bearer else None
    return authorise(check_not_expired(recent) if recent else await aside(lambda: find_token(caller)), scope)


def find_token(caller: Caller) -> Token:
    """Steps 2 and 3. Raises Problem."""
    if not caller.secret:
        raise Problem(HTTPStatus.UNAUTHORIZED, MISSING)
    token = tokens.find_cached(caller.secret) or tokens.find_and_cache(caller.secret) if caller.is_bearer else None
    if token is None:
        rate_limits.check("stranger", network_of(caller.address), "Too many unknown tokens from this address")
        raise Problem(HTTPStatus.UNAUTHORIZED, UNKNOWN if caller.is_bearer else MISSING)
    return check_not_expired(token)


def check_not_expired(token: Token) -> Token:
    """Step 3. Raises Problem."""
    if token.expires_at is not None and token.expires_at <= utc_now():
        raise Problem(HTTPStatus.UNAUTHORIZED, f"This token expired at {token.expires_at.isoformat()}.")
    return token


def authorise(token: Token, scope: TokenScope) -> Token:
    """Steps 4 and 5. Raises Problem."""
    check_scope(token, scope)
    check_token_rate(token)
    return token


def check_scope(token: Token, scope: TokenScope) -> None:
    """Step 4. Raises Problem."""
    if scope not in token.scopes:
        raise Problem(HTTPStatus.FORBIDDEN, f"This token has no {scope} permission.")


def check_token_rate(token: Token) -> None:
    """Step 5. Raises Problem."""
    rate_limits.check("token", str(token.pk), "Too many requests with this token")


def network_of(address: str) -> str:
    """Who may be one: of IPv6 a whole network, since everybody has one."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else address
