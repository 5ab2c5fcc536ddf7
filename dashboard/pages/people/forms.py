"""Forms for people's roles and boards."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.contrib.auth.validators import UnicodeUsernameValidator

from dashboard.pages.board_choice import BoardChoiceMixin
from dashboard.pages.people import actions
from dashboard.pages.people.actions import EVERY, SOME
from dashboard.visibility import EVERYTHING, Scope
from marcus_events.access import roles

ROLES = (
    (roles.VIEWER, "Viewer", "read only"),
    (roles.MANAGER, "Manager", "can also reply to blockers"),
    (roles.ADMINISTRATOR, "Administrator", "full access to everything, including all boards"),
)
SEES = ((EVERY, "All boards, including future ones"), (SOME, "Selected boards"))
TAKEN = "A person with this username already exists."


class RoleForm(BoardChoiceMixin):
    """A person's role and boards."""

    role = forms.ChoiceField(choices=[choice[:2] for choice in ROLES], initial=roles.VIEWER)
    sees = forms.ChoiceField(choices=SEES, initial=SOME)
    scope = Scope(EVERYTHING)

    def __init__(self, data: Any = None, *, user: User | None = None) -> None:
        super().__init__(data, initial=actions.role_and_boards(user) if user else None)
        self.given = frozenset(roles.granted_boards(user)) if user else frozenset()
        self.roles = ROLES

    def save_role(self, user: User, by: User, address: str) -> None:
        """Save a valid form. Records only changes."""
        actions.change_role(user, self.cleaned_data["role"], by, address)
        actions.change_boards(user, set(self.cleaned_data["boards"]), self.cleaned_data["sees"] == EVERY, by, address)


class PersonForm(RoleForm):
    username = forms.CharField(
        max_length=150, validators=[UnicodeUsernameValidator()], error_messages={"required": "Enter a username."}
    )

    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"]
        if actions.is_taken(name):
            raise forms.ValidationError(TAKEN)
        return name

    def make(self, by: User, address: str) -> User:
        user = actions.create(self.cleaned_data["username"])
        self.save_role(user, by, address)
        return user
