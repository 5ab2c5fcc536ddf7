"""The list of tokens for administrators, without secrets, which are not stored."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User

from dashboard.queries import current_state
from dashboard.queries.numbered_pages import Paging
from marcus_events.core.event import utc_now
from marcus_events.models import Token

PAGE = 30
MAX_OWN = 200  # tokens of one person
MAX_NAMED = 5  # boards of a token


@dataclass(frozen=True)
class TokenRow:
    """`boards` names some boards of the token, none for all; `more` counts the others."""

    token: Token
    boards: list[str]
    more: int
    is_expired: bool


@dataclass(frozen=True)
class Tokens:
    """Newest first: a page of valid tokens, and the most recently revoked ones."""

    current: list[TokenRow]
    paging: Paging
    number: int
    revoked: list[TokenRow]
    number_revoked: int


def find(pk: int) -> Token | None:
    return Token.objects.filter(pk=pk).first()


def tokens(page: str) -> Tokens:
    paging = Paging.of(page, PAGE)
    opening = Token.objects.filter(revoked_at=None).order_by("-created_at", "-id")
    revoked = Token.objects.filter(revoked_at__isnull=False).order_by("-revoked_at", "-id")
    current = list(opening[paging.skip : paging.skip + PAGE + 1])
    shown = [*current[:PAGE], *revoked[:PAGE]]
    names = current_state.board_names(board for token in shown for board in token.boards[:MAX_NAMED])
    rows = [row(token, names) for token in shown]
    return Tokens(
        [row for row in rows if not row.token.revoked_at],
        paging.with_next(len(current) > PAGE),
        opening.count(),
        [row for row in rows if row.token.revoked_at],
        revoked.count(),
    )


def own_tokens(user: User) -> list[TokenRow]:
    """Return the valid tokens that the user created, newest first."""
    found = list(user.tokens.filter(revoked_at=None).order_by("-created_at", "-id")[:MAX_OWN])
    names = current_state.board_names(board for token in found for board in token.boards[:MAX_NAMED])
    return [row(token, names) for token in found]


def row(token: Token, names: dict[str, str]) -> TokenRow:
    is_expired = token.expires_at is not None and token.expires_at <= utc_now()
    boards = [names.get(board_id) or board_id for board_id in token.boards[:MAX_NAMED]]
    return TokenRow(token, boards, len(token.boards) - len(boards), is_expired)
