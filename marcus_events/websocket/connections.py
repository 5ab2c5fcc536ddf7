"""Who is at the other end: a program with a token, or a person with the session of this site's own page.

1. What the header `Authorization` says counts alone, where there is one: a session does not mend a wrong token.
2. A token does what it is for. A session reads: to publish with it, a page that was tricked would be enough.
3. Both are looked at again while the connection is open, as they are stored then.
"""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Any, Protocol

from marcus_events.access import authentication, sessions
from marcus_events.access.authentication import Caller
from marcus_events.access.open_connections import ConnectionSlots
from marcus_events.access.visibility import NOTHING, Visibility, visibility_of_token
from marcus_events.core.problem import Problem
from marcus_events.models import Token


class Peer(Protocol):
    """`visibility` is what the peer may see. Each method raises Problem where the answer is no."""

    caller: Caller

    @property
    def visibility(self) -> Visibility: ...
    def check_may_read(self) -> None: ...
    def publisher(self) -> Token: ...
    def count(self) -> None: ...
    def take_place(self, places: ConnectionSlots) -> None: ...
    def look_again(self) -> None: ...


class Program:
    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.token = authentication.find_token(caller)
        self.count()

    @property
    def visibility(self) -> Visibility:
        return visibility_of_token(self.token)

    def check_may_read(self) -> None:
        authentication.check_scope(self.token, "read")

    def publisher(self) -> Token:
        authentication.check_scope(self.token, "publish")
        return self.token

    def count(self) -> None:
        authentication.check_token_rate(self.token)

    def take_place(self, places: ConnectionSlots) -> None:
        places.take_for_program(self.token.pk)

    def look_again(self) -> None:
        """What it is for may have been changed too; what it subscribed to was chosen by what it was for then."""
        before, self.token = self.token, authentication.find_token(self.caller)
        if (before.scopes, before.boards) != (self.token.scopes, self.token.boards):
            raise Problem(HTTPStatus.UNAUTHORIZED, "The permissions of this token changed. Connect again.")


class SignedInUser:
    visibility = NOTHING  # until the session has been looked at

    def __init__(self, caller: Caller, session_key: str, user_id: int | None, remote_user: str = "") -> None:
        self.caller = caller
        self.session_key = session_key
        self.user_id = user_id
        self.remote_user = remote_user  # whom a proxy named at the handshake
        self.since = time.monotonic()
        self.visibility = self.current_visibility()

    def check_may_read(self) -> None:
        """Whoever is signed in may subscribe, and is sent what they may see."""

    def publisher(self) -> Token:
        raise Problem(HTTPStatus.FORBIDDEN, "A session can only read. Publishing needs a token.")

    def count(self) -> None:
        authentication.check_address_rate(self.caller)

    def take_place(self, places: ConnectionSlots) -> None:
        places.take("user", str(self.user_id))

    def look_again(self) -> None:
        """What they subscribed to was narrowed to what they could see then."""
        if self.remote_user and time.monotonic() - self.since > sessions.PROXY_SIGN_IN_S:
            raise Problem(HTTPStatus.UNAUTHORIZED, "The proxy must authenticate you again. Connect again.")
        if self.current_visibility() != self.visibility:
            raise Problem(HTTPStatus.UNAUTHORIZED, "Your access changed. Connect again.")

    def current_visibility(self) -> Visibility:
        found = sessions.visibility_of_session(self.session_key, self.remote_user)
        if found is None:
            raise Problem(HTTPStatus.UNAUTHORIZED, authentication.MISSING)
        return found


def admitted(scope: dict[str, Any]) -> Peer:
    """Who opens this connection. Reads the database. Raises Problem."""
    caller = caller_of(scope)
    authentication.check_address_rate(caller)
    session_key = scope["session"].session_key
    if session_key and not caller.secret:
        return SignedInUser(caller, session_key, scope["user"].pk, scope.get("remote_user", ""))
    return Program(caller)


def caller_of(scope: dict[str, Any]) -> Caller:
    address = (scope.get("client") or [""])[0]
    return Caller.of(address, header(scope, b"authorization"))


def header(scope: dict[str, Any], name: bytes) -> str:
    """Its value; of one that was sent more than once, all of them between commas, as Django has it."""
    return ",".join(value.decode("latin-1") for key, value in scope["headers"] if key == name)
