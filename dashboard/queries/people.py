"""The people, as an administrator sees them: what each may do, and which boards each sees."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import Permission, User
from django.db.models import Q, QuerySet

from dashboard.queries import present
from dashboard.sight import EVERYTHING, Scope
from marcus_events.doors.roles import role_of
from marcus_events.doors.sight import ADMINISTER
from marcus_events.models import BoardAccess

EVERY_BOARD = "see_every_board"


@dataclass(frozen=True)
class Person:
    """`boards` are the names of those they see, where they do not see every one."""

    user: User
    role: str
    sees_every_board: bool
    boards: list[str]


def people() -> list[Person]:
    """Who may sign in comes first, then by name. As many queries for many as for few."""
    users = User.objects.prefetch_related("groups__permissions", "user_permissions").order_by("-is_active", "username")
    names = {board.board_id: board.name for board in present.boards(Scope(EVERYTHING))}
    access = list(BoardAccess.objects.order_by("board_id"))
    return [person(user, access, names) for user in users]


def person(user: User, access: list[BoardAccess], names: dict[str, str]) -> Person:
    groups = {group.pk for group in user.groups.all()}
    mine = [row.board_id for row in access if row.user_id == user.pk or row.group_id in groups]
    boards = sorted({names.get(board_id) or board_id for board_id in mine}, key=str.casefold)
    return Person(user, role_of(user), sees_every_board(user), boards)


def sees_every_board(user: User) -> bool:
    """By a permission of their own, or of a group."""
    own = [*user.user_permissions.all(), *(found for group in user.groups.all() for found in group.permissions.all())]
    return user.is_superuser or EVERY_BOARD in {found.codename for found in own}


def who_see(board_id: str) -> QuerySet[User]:
    """Those who may sign in and see this board, or "" for what is of no board; by name."""
    every = Permission.objects.filter(content_type__app_label="marcus_events", codename__in=("administer", EVERY_BOARD))
    access = BoardAccess.objects.filter(board_id=board_id)
    may = Q(is_superuser=True) | Q(user_permissions__in=every) | Q(groups__permissions__in=every)
    given = Q(pk__in=access.filter(user__isnull=False).values("user")) | Q(groups__in=access.values("group"))
    return User.objects.filter(may | given, is_active=True).distinct().order_by("username")


def administrators(most: int = 5) -> list[str]:
    """Whom to ask, by name."""
    found = User.objects.with_perm(ADMINISTER, backend="django.contrib.auth.backends.ModelBackend")
    return list(found.order_by("username").values_list("username", flat=True)[:most])
