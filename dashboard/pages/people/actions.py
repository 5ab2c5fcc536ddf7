"""What an administrator does about people: each act is written down as an event, with who did it and from where."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.contrib.auth.validators import UnicodeUsernameValidator

from dashboard.pages.board_choice import ChoosesBoards
from dashboard.visibility import EVERYTHING, Scope
from marcus_events import audit
from marcus_events.access import roles

ROLES = (
    (roles.VIEWER, "Viewer", "read only"),
    (roles.MANAGER, "Manager", "can also reply to blockers"),
    (roles.ADMINISTRATOR, "Administrator", "full access to everything, including all boards"),
)
EVERY, SOME = "every", "some"
SEES = ((EVERY, "All boards, including future ones"), (SOME, "Selected boards"))
TAKEN = "A person with this username already exists."


class RoleForm(ChoosesBoards):
    """What somebody is and sees."""

    role = forms.ChoiceField(choices=[choice[:2] for choice in ROLES], initial=roles.VIEWER)
    sees = forms.ChoiceField(choices=SEES, initial=SOME)
    scope = Scope(EVERYTHING)

    def __init__(self, data: Any = None, *, user: User | None = None) -> None:
        super().__init__(data, initial=stated(user) if user else None)
        self.given = frozenset(roles.boards_of(user)) if user else frozenset()
        self.roles = ROLES

    def keep(self, user: User, by: User, address: str) -> None:
        """Valid as it is. What stays as it was is not written down."""
        change_role(user, self.cleaned_data["role"], by, address)
        change_boards(user, set(self.cleaned_data["boards"]), self.cleaned_data["sees"] == EVERY, by, address)


class PersonForm(RoleForm):
    username = forms.CharField(
        max_length=150, validators=[UnicodeUsernameValidator()], error_messages={"required": "Enter a username."}
    )

    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"]
        if User.objects.filter(username__iexact=name).exists():
            raise forms.ValidationError(TAKEN)
        return name

    def make(self, by: User, address: str) -> User:
        """Without a password: a link signs in."""
        user = User.objects.create_user(self.cleaned_data["username"])
        self.keep(user, by, address)
        return user


def stated(user: User) -> dict[str, Any]:
    return {"role": roles.role_of(user), "sees": EVERY if roles.sees_every_board(user) else SOME}


def change_role(user: User, role: str, by: User, address: str) -> None:
    before = roles.role_of(user) if user.groups.filter(name__in=roles.ROLES).exists() else ""
    if role == before:
        return
    roles.give(user, role)
    audit.record("role_changed", by.get_username(), address, user=user.get_username(), role=role, before=before)


def change_boards(user: User, boards: set[str], every: bool, by: User, address: str) -> None:
    before, saw_every = roles.boards_of(user), roles.sees_every_board(user)
    if (boards, every) == (before, saw_every):
        return
    roles.give_boards(user, boards, every=every)
    change = {"every_board": every, "given": sorted(boards - before), "taken": sorted(before - boards)}
    audit.record("board_access_changed", by.get_username(), address, user=user.get_username(), **change)


def let_in(user: User, by: User, address: str, *, is_active: bool) -> None:
    """Or lock out: then every session ends at once, and what is open within a minute."""
    if user.is_active == is_active:
        return
    user.is_active = is_active
    user.save(update_fields=["is_active"])
    state = "reactivated" if is_active else "deactivated"
    audit.record("role_changed", by.get_username(), address, user=user.get_username(), state=state)
