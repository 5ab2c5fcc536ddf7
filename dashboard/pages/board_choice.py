"""Form fields for choosing boards among any number of them, without JavaScript.

1. A form shows the chosen boards and some others, never thousands. Earlier choices that are not shown stay unchanged:
   the hidden field `shown` names every board that the form shows or has shown.
2. "Find" renders the form again, with all input, and with the boards whose name or id contains a text.

Board ids are percent-encoded, because forms normalise some characters.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote, unquote

from django import forms
from django.forms.utils import ErrorDict

from dashboard.live.page_state import replace_nul
from dashboard.queries import current_state
from dashboard.visibility import NOTHING, Scope

MAX_CHOSEN_SHOWN = 60  # chosen boards shown
MAX_OFFERED = 30  # other boards shown
MAX_NAME_CHARS = 100  # characters of a name
FIND = "find"  # value of the button that finds boards
UNKNOWN = "Board {} does not exist. It may have been removed."


@dataclass(frozen=True)
class Option:
    value: str
    words: str
    is_ticked: bool


@dataclass(frozen=True)
class OfferedBoards:
    """`shown` are the values of all boards shown so far, if not all are. `kept` are chosen boards that are not
    shown.
    """

    options: list[Option]
    shown: list[str]
    kept: int
    is_searched: bool
    number: int


class BoardsField(forms.MultipleChoiceField):
    """Accepts any ids; `BoardChoiceMixin.clean_boards` checks that the boards exist."""

    def valid_value(self, value: str) -> bool:
        return True

    def clean(self, value: Any) -> list[str]:
        return [unquote_id(each) for each in super().clean(value)]


class BoardChoiceMixin(forms.Form):
    """Adds the choice of boards to a form."""

    boards = BoardsField(required=False)
    shown = BoardsField(required=False)
    find_board = forms.CharField(required=False, max_length=200)

    scope: Scope = Scope(NOTHING)  # boards to choose from
    given: frozenset[str] = frozenset()  # boards chosen before

    @property
    def is_finding(self) -> bool:
        return self.data.get("act") == FIND

    def unchecked(self) -> Self:
        """Return the form as filled in, without errors."""
        self._errors = ErrorDict()
        return self

    def clean_boards(self) -> list[str]:
        ticked = set(self.cleaned_data["boards"])
        if unknown := sorted(ticked - self.given - self.existing(ticked).keys()):
            raise forms.ValidationError(UNKNOWN.format(unknown[0][:MAX_NAME_CHARS]))
        kept = self.given - self.posted("shown") if "shown" in self.data else set()
        return sorted(ticked | kept)

    def posted(self, name: str) -> set[str]:
        return {unquote_id(value) for value in (self[name].value() or [])} if self.is_bound else set()

    def existing(self, board_ids: Collection[str]) -> dict[str, str]:
        return current_state.names_in(self.scope, board_ids)

    def offered(self) -> OfferedBoards:
        """Return what the template shows."""
        seen = self.posted("shown")
        ticked = self.posted("boards") if self.is_bound else set(sorted(self.given)[:MAX_CHOSEN_SHOWN])
        called = self["find_board"].value().strip() if self.is_finding and self["find_board"].value() else ""
        rows = current_state.boards(self.scope, MAX_OFFERED + len(ticked), called=replace_nul(called))
        others = [row for row in rows if row.board_id not in ticked][:MAX_OFFERED]
        names = self.existing(ticked)
        options = [
            Option(quote_id(board_id), names.get(board_id, missing_option(board_id)), True)
            for board_id in sorted(ticked)
        ]
        options += [Option(quote_id(row.board_id), row.name, row.board_id in self.given - seen) for row in others]
        shown = seen | ticked | {row.board_id for row in others}
        number = current_state.number_of_boards(self.scope)
        is_all = not called and number <= len(others) + len(names) and self.given <= shown
        kept = 0 if is_all else len(self.given - shown)
        return OfferedBoards(
            sorted_by_name(options, ticked_first=not is_all),
            [] if is_all else sorted(map(quote_id, shown)),
            kept,
            not is_all,
            number,
        )


def sorted_by_name(options: list[Option], *, ticked_first: bool) -> list[Option]:
    """Sort options by name."""
    by_name = sorted(options, key=lambda option: (option.words.casefold(), option.value))
    return sorted(by_name, key=lambda option: ticked_first and not option.is_ticked)


def missing_option(board_id: str) -> str:
    """Return an option for a board that does not exist now. It may exist again: the demo's board does."""
    return f"{board_id} (no longer exists)"


def unquote_id(value: str) -> str:
    return replace_nul(unquote(value))


def quote_id(board_id: str) -> str:
    return quote(board_id, safe="")
