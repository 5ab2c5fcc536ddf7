"""What a user or a program may see: which boards, and whether the audit trail.

Pages, the API and WebSockets read through a Visibility. Whatever it hides is answered as if it did not exist.

1. An event of a board is visible to those who may see the board; an event without a board to those who may see every
   board.
2. An event of the category `audit` is visible to administrators, and to no program.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin
from django.db.models import Q

from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_types import category_of, types_of
from marcus_events.core.filters import EventFilter, Term
from marcus_events.models import BoardAccess, Token

EVERY_BOARD = "marcus_events.see_every_board"
ADMINISTER = "marcus_events.administer"
AUDIT: str = "audit"


@dataclass(frozen=True)
class Visibility:
    """`boards` are the ids of the visible boards; None means every board, and events without a board."""

    boards: frozenset[str] | None
    audit: bool = False

    def allows(self, board_id: str | None) -> bool:
        return self.boards is None or board_id in self.boards

    def shows(self, recorded: RecordedEvent) -> bool:
        return self.allows(recorded.board_id) and (self.audit or category_of(recorded.event_type) != AUDIT)

    def narrow(self, wanted: EventFilter) -> EventFilter:
        """Restrict a filter to visible events. Without any visible board it matches nothing."""
        own = [] if self.boards is None else [Term("board_id", tuple(sorted(self.boards)))]
        return self.without_audit(replace(wanted, terms=(*wanted.terms, *own), seen=self.boards))

    def without_audit(self, wanted: EventFilter) -> EventFilter:
        return wanted if self.audit else wanted.with_term("category", AUDIT, exclude=True)

    @property
    def hidden_types(self) -> list[str]:
        """The types of hidden events, which must not be counted."""
        return [] if self.audit else types_of(AUDIT)


EVERYTHING = Visibility(None, audit=True)
NOTHING = Visibility(frozenset())


def visibility_of(user: AbstractBaseUser | AnonymousUser) -> Visibility:
    """Return what the user may see now, by their current permissions."""
    if not (isinstance(user, PermissionsMixin) and user.is_active):
        return NOTHING
    if user.has_perm(ADMINISTER):
        return EVERYTHING
    if user.has_perm(EVERY_BOARD):
        return Visibility(None)
    mine = BoardAccess.objects.filter(Q(user=user.pk) | Q(group__user=user.pk))
    return Visibility(frozenset(mine.values_list("board_id", flat=True)))


def visibility_of_token(token: Token) -> Visibility:
    return Visibility(frozenset(token.boards) if token.boards else None)


def is_administrator(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Whether the user is active and has the permission `administer`. Django's `is_staff` does not count."""
    return isinstance(user, PermissionsMixin) and user.has_perm(ADMINISTER)
