"""Changes people's roles and access. Each action is recorded as an event with actor and address."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.contrib.auth.validators import UnicodeUsernameValidator

from dashboard.pages.board_choice import BoardChoiceMixin
from dashboard.visibility import EVERYTHING, Scope
from marcus_events import audit
from marcus_events.access import roles

ROLES = (
    (roles.VIEWER, "Viewer", "watches"),
    (roles.MANAGER, "Manager", "answers blockers too"),
    (roles.ADMINISTRATOR, "Administrator", "does everything, and sees every board"),
)
EVERY, SOME = "every", "some"
SEES = ((EVERY, "Every board, also those to come"), (SOME, "These boards"))
TAKEN = "There is somebody of this name already."


class RoleForm(BoardChoiceMixin):
    """A person's role and boards."""

    role = forms.ChoiceField(choices=[choice[:2] for choice in ROLES], initial=roles.VIEWER)
    sees = forms.ChoiceField(choices=SEES, initial=SOME)
    scope = Scope(EVERYTHING)

    def __init__(self, data: Any = None, *, user: User | None = None) -> None:
        super().__init__(data, initial=role_and_boards(user) if user else None)
        self.given = frozenset(roles.boards_of(user)) if user else frozenset()
        self.roles = ROLES

    def save_role(self, user: User, by: User, address: str) -> None:
        """Save a valid form. Records only changes."""
        change_role(user, self.cleaned_data["role"], by, address)
        change_boards(user, set(self.cleaned_data["boards"]), self.cleaned_data["sees"] == EVERY, by, address)


class PersonForm(RoleForm):
    username = forms.CharField(
        max_length=150, validators=[UnicodeUsernameValidator()], error_messages={"required": "Say who it is."}
    )

    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"]
        if User.objects.filter(username__iexact=name).exists():
            raise forms.ValidationError(TAKEN)
        return name

    def make(self, by: User, address: str) -> User:
        """Create a person without a password: a link signs them in."""
        user = User.objects.create_user(self.cleaned_data["username"])
        self.save_role(user, by, address)
        return user


def role_and_boards(user: User) -> dict[str, Any]:
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


def set_active(user: User, by: User, address: str, *, is_active: bool) -> None:
    """Activate or deactivate. Deactivation ends sessions at once and open connections within a minute."""
    if user.is_active == is_active:
        return
    user.is_active = is_active
    user.save(update_fields=["is_active"])
    state = "may sign in again" if is_active else "may not sign in"
    audit.record("role_changed", by.get_username(), address, user=user.get_username(), state=state)
