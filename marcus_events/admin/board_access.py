"""Which boards a group may see. Those of a person are given on the page People; here both stand together."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import ModelChoiceField, ModelForm, TextInput
from django.http import HttpRequest
from django.utils.safestring import SafeString

from marcus_events import audit
from marcus_events.admin import display
from marcus_events.admin.base import Administered
from marcus_events.models import Board, BoardAccess

CHANGES = {"given": "added", "taken": "removed"}


class BoardAccessForm(ModelForm):  # type: ignore[type-arg]  # not generic when it runs
    """A user is named rather than chosen: a list of all of them would be as long as there are people."""

    user = ModelChoiceField(
        User.objects.all(),
        to_field_name="username",
        required=False,
        widget=TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}),
        help_text="The username.",
        error_messages={"invalid_choice": "No user has this username."},
    )

    def clean(self) -> dict[str, Any]:
        """Check that one of the two is given, which the table requires."""
        found = super().clean() or {}
        if not self.errors and bool(found.get("user")) == bool(found.get("group")):
            raise ValidationError("Choose either a user or a group.")
        return found


@admin.register(BoardAccess)
class BoardAccessAdmin(Administered):
    form = BoardAccessForm
    section, about = "People", "Which people and groups can see which boards."
    list_display = ("board_shown", "user", "group")
    list_select_related = ("user", "group")
    search_fields = ("board_id", "user__username", "group__name")
    ordering = ("board_id",)
    sortable_by = ()
    fields = ("board_id", "user", "group")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It is given or taken away."""
        return False

    def formfield_for_foreignkey(self, *args: Any, **options: Any) -> Any:
        """Either field may be empty: see `BoardAccessForm`."""
        return super().formfield_for_foreignkey(*args, **options, required=False)

    @admin.display(description="board")
    def board_shown(self, access: BoardAccess) -> SafeString | str:
        return display.code(access.board_id)

    def save_model(self, request: HttpRequest, obj: BoardAccess, form: ModelForm[BoardAccess], change: bool) -> None:
        super().save_model(request, obj, form, change)
        told(request, obj, "given")

    def delete_model(self, request: HttpRequest, obj: BoardAccess) -> None:
        told(request, obj, "taken")
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[BoardAccess]) -> None:
        for access in queryset:
            self.delete_model(request, access)


def told(request: HttpRequest, access: BoardAccess, act: str) -> None:
    who = {"user": access.user.get_username()} if access.user else {"group": str(access.group)}
    by, address = request.user.get_username(), audit.address_of(request)
    board = Board.objects.now().filter(board_id=access.board_id).first()
    change = f"{CHANGES[act]} {board.name if board else access.board_id}"
    audit.record("board_access_changed", by, address, board=access.board_id, act=act, change=change, **who)
