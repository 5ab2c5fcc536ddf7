"""What somebody may see of the log: of which boards, and whether the audit trail too.

Every read for a person or a program goes through a sight: of pages, of the API, of sockets. What it does not show is
answered as if it were not there.

1. An event is seen by who may see its board; one of no board by who may see every board.
2. An event of the category `audit` is seen by people who administer, and by no program.
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
    """`boards` are the ids of those that are seen; None is every board, and what is of no board."""

    boards: frozenset[str] | None
    audit: bool = False

    def allows(self, board_id: str | None) -> bool:
        return self.boards is None or board_id in self.boards

    def shows(self, recorded: RecordedEvent) -> bool:
        return self.allows(recorded.board_id) and (self.audit or category_of(recorded.event_type) != AUDIT)

    def narrow(self, wanted: EventFilter) -> EventFilter:
        """Of what is wanted, what may be seen. Of no boards at all that is nothing."""
        own = [] if self.boards is None else [Term("board_id", tuple(sorted(self.boards)))]
        return self.without_audit(replace(wanted, terms=(*wanted.terms, *own), seen=self.boards))

    def without_audit(self, wanted: EventFilter) -> EventFilter:
        return wanted if self.audit else wanted.with_term("category", AUDIT, exclude=True)

    @property
    def hidden_types(self) -> list[str]:
        """The types of events that are not counted."""
        return [] if self.audit else types_of(AUDIT)


EVERYTHING = Visibility(None, audit=True)
NOTHING = Visibility(frozenset())


def visibility_of(user: AbstractBaseUser | AnonymousUser) -> Visibility:
    """As the user is now: asked again, it may be another one."""
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
    """Never who is inactive. Being "staff", as Django has it, gives nothing here."""
    return isinstance(user, PermissionsMixin) and user.has_perm(ADMINISTER)
