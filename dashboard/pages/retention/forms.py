"""The form of a retention policy."""

from __future__ import annotations

from typing import Any

from django import forms

from dashboard.pages.board_choice import quote_id, unquote_id
from dashboard.pages.retention import queries
from dashboard.queries import current_state, filter_choices
from dashboard.visibility import EVERYTHING, Scope
from marcus_events.core.payload import check_name
from marcus_events.models import RetentionPolicy
from marcus_events.models.retention import DEFAULT_DAYS, MAX_DAYS

MAX_CHOICES = 50  # boards
MAX_NAME = 600  # characters
EVERY_BOARD = Scope(EVERYTHING)  # administrators see all boards


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg] # Django cannot say of what, at runtime
    """A retention policy. Board ids are percent-encoded, because forms normalise some characters."""

    confirm = forms.CharField(required=False)  # the pattern once more; see the view
    other_board = forms.CharField(required=False, max_length=MAX_NAME)  # for boards beyond MAX_CHOICES

    default_days, max_days = DEFAULT_DAYS, MAX_DAYS

    class Meta:
        model = RetentionPolicy
        fields = ("pattern", "board_id", "keep_days", "act")
        error_messages = {
            "pattern": {"required": "Enter an event type, or * for all types."},
            "keep_days": {"required": "Enter a number of days.", "invalid": "Enter a whole number of days."},
        }

    def clean_pattern(self) -> str:
        try:
            return check_name(self.cleaned_data["pattern"].strip(), "type")
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None

    def clean_board_id(self) -> str:
        return unquote_id(self.cleaned_data["board_id"])

    def clean_other_board(self) -> str:
        """Accept an id, or a name that only one board has."""
        stated: str = self.cleaned_data["other_board"].strip()
        found = current_state.called(EVERY_BOARD, stated) if stated else []
        if stated and len(found) != 1:
            raise forms.ValidationError(f"{'More than one board has' if found else 'No board has'} this name or id.")
        return found[0] if found else ""

    def clean(self) -> dict[str, Any] | None:
        if self.instance.pk is None and queries.are_full():
            raise forms.ValidationError(
                f"You have reached the limit of {queries.MAX_POLICIES} policies. Delete one first.", code="full"
            )
        found: dict[str, Any] = super().clean() or self.cleaned_data
        if other := found.pop("other_board", ""):
            found["board_id"] = other
        return found

    @property
    def boards(self) -> list[tuple[str, str]]:
        return [(quote_id(board.board_id), board.name) for board in current_state.boards(EVERY_BOARD, MAX_CHOICES)]

    @property
    def has_other_boards(self) -> bool:
        return current_state.number_of_boards(EVERY_BOARD, most=MAX_CHOICES + 1) > MAX_CHOICES

    @property
    def types(self) -> list[str]:
        return [name for _, found in filter_choices.types(EVERY_BOARD) for name, _ in found]
