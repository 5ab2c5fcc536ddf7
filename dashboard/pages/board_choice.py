"""Choosing boards in a form, among any number of them, without a script.

1. A form shows the boards that are chosen and some to choose from, never all of thousands. What was chosen before and
   is not shown stays as it was: each board that a form shows, or has shown, is named in its hidden field `shown`.
2. "Find" shows the form again, with everything that was filled in, and with the boards whose name or id holds a text.

Board ids travel percent-encoded: a form would not give every id back as it was.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote, unquote

from django import forms
from django.forms.utils import ErrorDict

from dashboard.live.page_state import storable
from dashboard.queries import current_state
from dashboard.visibility import NOTHING, Scope

MAX_TICKED = 60  # of the boards that were chosen before, shown at once
MAX_OFFERED = 30  # others beside them
MAX_SAID = 100  # characters of a name
FIND = "find"  # the act that looks for boards
UNKNOWN = "Board {} does not exist. It may have been removed."


@dataclass(frozen=True)
class Option:
    value: str
    words: str
    is_ticked: bool


@dataclass(frozen=True)
class Offered:
    """`shown` are the values of all that were shown so far, where not every board is. `kept` are chosen, not shown."""

    options: list[Option]
    shown: list[str]
    kept: int
    is_searched: bool
    number: int


class BoardsField(forms.MultipleChoiceField):
    """Any ids; `ChoosesBoards.clean_boards` sees to it that there are such boards."""

    def valid_value(self, value: str) -> bool:
        return True

    def clean(self, value: Any) -> list[str]:
        return [unquoted(each) for each in super().clean(value)]


class ChoosesBoards(forms.Form):
    boards = BoardsField(required=False)
    shown = BoardsField(required=False)
    find_board = forms.CharField(required=False, max_length=200)

    scope: Scope = Scope(NOTHING)  # to choose from
    given: frozenset[str] = frozenset()  # what is chosen already

    @property
    def is_finding(self) -> bool:
        return self.data.get("act") == FIND

    def unchecked(self) -> Self:
        """Shown again as it was filled in, without a word on what is missing."""
        self._errors = ErrorDict()
        return self

    def clean_boards(self) -> list[str]:
        ticked = set(self.cleaned_data["boards"])
        if unknown := sorted(ticked - self.given - self.there(ticked).keys()):
            raise forms.ValidationError(UNKNOWN.format(unknown[0][:MAX_SAID]))
        kept = self.given - self.posted("shown") if "shown" in self.data else set()
        return sorted(ticked | kept)

    def posted(self, name: str) -> set[str]:
        return {unquoted(value) for value in (self[name].value() or [])} if self.is_bound else set()

    def there(self, board_ids: Collection[str]) -> dict[str, str]:
        return current_state.names_in(self.scope, board_ids)

    def offered(self) -> Offered:
        """What the template shows."""
        seen = self.posted("shown")
        ticked = self.posted("boards") if self.is_bound else set(sorted(self.given)[:MAX_TICKED])
        called = self["find_board"].value().strip() if self.is_finding and self["find_board"].value() else ""
        rows = current_state.boards(self.scope, MAX_OFFERED + len(ticked), called=storable(called))
        others = [row for row in rows if row.board_id not in ticked][:MAX_OFFERED]
        names = self.there(ticked)
        options = [Option(quoted(board_id), names.get(board_id, gone(board_id)), True) for board_id in sorted(ticked)]
        options += [Option(quoted(row.board_id), row.name, row.board_id in self.given - seen) for row in others]
        shown = seen | ticked | {row.board_id for row in others}
        number = current_state.number_of_boards(self.scope)
        is_all = not called and number <= len(others) + len(names) and self.given <= shown
        kept = 0 if is_all else len(self.given - shown)
        return Offered(
            in_order(options, ticked_first=not is_all),
            [] if is_all else sorted(map(quoted, shown)),
            kept,
            not is_all,
            number,
        )


def in_order(options: list[Option], *, ticked_first: bool) -> list[Option]:
    """By name."""
    by_name = sorted(options, key=lambda option: (option.words.casefold(), option.value))
    return sorted(by_name, key=lambda option: ticked_first and not option.is_ticked)


def gone(board_id: str) -> str:
    """It may come again: a demo does."""
    return f"{board_id} (no longer exists)"


def unquoted(value: str) -> str:
    return storable(unquote(value))


def quoted(board_id: str) -> str:
    return quote(board_id, safe="")
