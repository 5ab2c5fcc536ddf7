"""The tokens of programs, as an administrator sees them: never their secrets, which nobody has."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.queries import present
from dashboard.sight import EVERYTHING, Scope
from marcus_events.core.event import utc_now
from marcus_events.models import Token


@dataclass(frozen=True)
class Row:
    """`boards` are the names of those it is for, none for all."""

    token: Token
    boards: list[str]
    is_expired: bool


@dataclass(frozen=True)
class Tokens:
    """The newest first: those that may open something, and those that were revoked."""

    current: list[Row]
    revoked: list[Row]


def all_tokens() -> Tokens:
    names = {board.board_id: board.name for board in present.boards(Scope(EVERYTHING))}
    found = [row(token, names) for token in Token.objects.order_by("-created_at", "-id")]
    return Tokens(
        [shown for shown in found if not shown.token.revoked_at], [shown for shown in found if shown.token.revoked_at]
    )


def row(token: Token, names: dict[str, str]) -> Row:
    is_expired = token.expires_at is not None and token.expires_at <= utc_now()
    return Row(token, [names.get(board_id) or board_id for board_id in token.boards], is_expired)
