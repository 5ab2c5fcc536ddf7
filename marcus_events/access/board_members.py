"""The people who see a board."""

from __future__ import annotations

from django.contrib.auth.models import Permission, User
from django.db.models import Q, QuerySet

from marcus_events.access.roles import HANDLE_BLOCKER
from marcus_events.models import BoardAccess

EVERY_BOARD = "see_every_board"
MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"


def who_see(board_id: str) -> QuerySet[User]:
    """Return the active people who see this board ("" for events without one), by name."""
    every = Permission.objects.filter(content_type__app_label="marcus_events", codename__in=("administer", EVERY_BOARD))
    access = BoardAccess.objects.filter(board_id=board_id)
    may = Q(is_superuser=True) | Q(user_permissions__in=every) | Q(groups__permissions__in=every)
    given = Q(pk__in=access.filter(user__isnull=False).values("user")) | Q(groups__in=access.values("group"))
    return User.objects.filter(may | given, is_active=True).distinct().order_by("username")


def people_who_reply(board_id: str, most: int) -> list[str]:
    """Return the names of people who see this board and can reply to its blockers."""
    return list(repliers(board_id).values_list("username", flat=True)[:most])


def may_reply(username: str, board_id: str) -> bool:
    return repliers(board_id).filter(username=username).exists()


def repliers(board_id: str) -> QuerySet[User]:
    able = User.objects.with_perm(HANDLE_BLOCKER, backend=MODEL_BACKEND)
    return who_see(board_id).filter(pk__in=able.values("pk"))
