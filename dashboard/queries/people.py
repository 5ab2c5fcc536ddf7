"""Reads people with their roles and boards, for administrators."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Q, prefetch_related_objects

from dashboard.queries import current_state
from dashboard.queries.numbered_pages import Paging
from marcus_events.access.board_members import EVERY_BOARD, who_see
from marcus_events.access.roles import role_of
from marcus_events.access.visibility import ADMINISTER
from marcus_events.log.rows import rows

PAGE = 50
MAX_NAMED = 5  # boards per person
# The first boards of each person, granted directly or through a group, and their number.
ACCESS = f"""SELECT id, (array_agg(board_id ORDER BY board_id))[1:{MAX_NAMED}], count(*)
    FROM (
        SELECT user_id AS id, board_id FROM board_access WHERE user_id = ANY(%(ids)s)
        UNION SELECT member.user_id, board_id FROM auth_user_groups AS member
            JOIN board_access USING (group_id) WHERE member.user_id = ANY(%(ids)s)
    ) AS seen GROUP BY id"""


@dataclass(frozen=True)
class PersonRow:
    """`boards` names some of a person's boards, unless they see all; `more` counts the others."""

    user: User
    role: str
    sees_every_board: bool
    boards: list[str]
    more: int


@dataclass(frozen=True)
class People:
    rows: list[PersonRow]
    paging: Paging


def people(text: str, page: str) -> People:
    """Return people whose name or email contains the text, active ones first. The number of queries is constant."""
    paging = Paging.of(page, PAGE)
    found = User.objects.filter(contains(text)) if text else User.objects.all()
    users = list(found.order_by("-is_active", "username")[paging.skip : paging.skip + PAGE + 1])
    shown = users[:PAGE]
    prefetch_related_objects(shown, "groups__permissions", "user_permissions")
    access = access_of([user.pk for user in shown])
    names = current_state.board_names(board for boards, _ in access.values() for board in boards)
    rows = [person(user, *access.get(user.pk, ([], 0)), names) for user in shown]
    return People(rows, paging.with_next(len(users) > PAGE))


def contains(text: str) -> Q:
    columns = ("username", "first_name", "last_name", "email")
    return Q(*((f"{column}__icontains", text) for column in columns), _connector=Q.OR)


def access_of(ids: list[int]) -> dict[int, tuple[list[str], int]]:
    return {user: (boards, number) for user, boards, number in rows(ACCESS, {"ids": ids})}


def person(user: User, boards: list[str], number: int, names: dict[str, str]) -> PersonRow:
    named = sorted((names.get(board_id) or board_id for board_id in boards), key=str.casefold)
    return PersonRow(user, role_of(user), sees_every_board(user), named, number - len(boards))


def sees_every_board(user: User) -> bool:
    """Return whether a permission of the person or of a group grants all boards."""
    own = [*user.user_permissions.all(), *(found for group in user.groups.all() for found in group.permissions.all())]
    return user.is_superuser or EVERY_BOARD in {found.codename for found in own}


def first_who_see(board_id: str, most: int) -> list[User]:
    """By name."""
    return list(who_see(board_id)[:most])


def first_who_see_all(board_ids: Iterable[str], most: int) -> list[User]:
    """Return people who see each of these boards, by name."""
    first, *others = [who_see(board_id) for board_id in sorted(board_ids)]
    for seen in others:
        first = first.filter(pk__in=seen.order_by().values("pk"))
    return list(first[:most])


def may_be_given(name: str, board_id: str) -> bool:
    """Whether somebody of this name sees the board, and so may be given its blockers."""
    return who_see(board_id).filter(username=name).exists()


def by_id(pk: int) -> User | None:
    return User.objects.filter(pk=pk).first()


def administrators(most: int = 5) -> list[str]:
    """Return the names of administrators to ask for access."""
    found = User.objects.with_perm(ADMINISTER, backend="django.contrib.auth.backends.ModelBackend")
    return list(found.order_by("username").values_list("username", flat=True)[:most])
