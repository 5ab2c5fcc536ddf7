"""The roles of users. Each role is a Django group, so that its permissions can be viewed and changed in the admin.

A user without a role has the permissions of a viewer. A superuser has all permissions.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import Group, Permission, User
from django.db import transaction

from marcus_events.models import BoardAccess

HANDLE_BLOCKER = "marcus_events.handle_blocker"
VIEWER, MANAGER, ADMINISTRATOR = "viewer", "manager", "administrator"
# The migration 0015 makes them with these; whoever changes a group's permissions afterwards has them changed.
PERMISSIONS = {
    VIEWER: (),
    MANAGER: ("handle_blocker",),
    ADMINISTRATOR: ("handle_blocker", "see_every_board", "administer"),
}
ROLES = tuple(PERMISSIONS)


def role_of(user: User) -> str:
    """Return the user's role with the most permissions."""
    if user.is_superuser:
        return ADMINISTRATOR
    names = {group.name for group in user.groups.all()}
    return next((role for role in reversed(ROLES) if role in names), VIEWER)


@transaction.atomic
def assign_role(user: User, role: str) -> None:
    """Replace the user's role. Administrators become staff, so that they can open Django's admin."""
    user.groups.remove(*user.groups.filter(name__in=ROLES))
    user.groups.add(get_or_create_group(role))
    user.is_staff = user.is_superuser or role == ADMINISTRATOR
    user.save(update_fields=["is_staff"])


def get_or_create_group(role: str) -> Group:
    """Return the group of a role, and create it again if somebody has deleted it."""
    group, is_new = Group.objects.get_or_create(name=role)
    if is_new:
        group.permissions.set(find_permissions(PERMISSIONS[role]))
    return group


def find_permissions(names: Iterable[str]) -> list[Permission]:
    return list(Permission.objects.filter(content_type__app_label="marcus_events", codename__in=list(names)))


def has_every_board(user: User) -> bool:
    """Whether the user has the permission directly; a role may grant it as well."""
    return user.user_permissions.filter(content_type__app_label="marcus_events", codename="see_every_board").exists()


def granted_boards(user: User) -> set[str]:
    """Return the ids of the boards granted to the user, without those granted to a group."""
    return set(BoardAccess.objects.filter(user=user).values_list("board_id", flat=True))


@transaction.atomic
def grant_boards(user: User, boards: Iterable[str], *, every: bool) -> None:
    """Replace the boards granted to the user; `every` grants all boards, including future ones."""
    wanted, present = set(boards), granted_boards(user)
    BoardAccess.objects.filter(user=user, board_id__in=present - wanted).delete()
    BoardAccess.objects.bulk_create(
        [BoardAccess(user=user, board_id=board_id) for board_id in sorted(wanted - present)], ignore_conflicts=True
    )
    change = user.user_permissions.add if every else user.user_permissions.remove
    change(*find_permissions(["see_every_board"]))
