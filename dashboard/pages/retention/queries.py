"""Reads the retention policies with previews, and the runs; saves policies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote

from django import forms

from dashboard.queries import current_state, filter_choices
from dashboard.visibility import EVERYTHING, Scope
from marcus_events import audit
from marcus_events.core.payload import check_name
from marcus_events.log import read
from marcus_events.models import RetentionPolicy, RetentionRun
from marcus_events.models.retention import ALL
from marcus_events.retention.policies import rank
from marcus_events.retention.preview import Preview, previews

MAX_RUNS = 20
MAX_POLICIES = 100  # each is compared with every other
MAX_CHOICES = 50  # boards
MAX_NAME = 600  # characters
EVERY_BOARD = Scope(EVERYTHING)  # administrators see all boards


@dataclass(frozen=True)
class PolicyRow:
    """A policy in words; `preview` is None if it is disabled."""

    policy: RetentionPolicy
    what: str
    board: str
    preview: Preview | None


@dataclass(frozen=True)
class Retention:
    rows: list[PolicyRow]
    runs: list[RetentionRun]
    kept_since: datetime | None
    oldest: int

    @property
    def is_running(self) -> bool:
        return bool(self.runs) and self.runs[0].ended_at is None


def retention() -> Retention:
    found = {one.policy.pk: one for one in previews()}
    policies = sorted(RetentionPolicy.objects.all(), key=lambda policy: (not policy.enabled, rank(policy)))
    names = current_state.board_names(policy.board_id for policy in policies)
    rows = [row(policy, names, found.get(policy.pk)) for policy in policies]
    runs = list(RetentionRun.objects.order_by("-started_at")[:MAX_RUNS])
    return Retention(rows, runs, read.kept_since(), read.head().oldest)


def row(policy: RetentionPolicy, names: dict[str, str], preview: Preview | None) -> PolicyRow:
    what = "Every type" if policy.pattern == ALL else policy.pattern
    return PolicyRow(policy, what, names.get(policy.board_id, policy.board_id) or "every board", preview)


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg] # Django cannot say of what, at runtime
    """A retention policy. Board ids are percent-encoded, because forms normalise some characters."""

    other_board = forms.CharField(required=False, max_length=MAX_NAME)  # for boards beyond MAX_CHOICES

    class Meta:
        model = RetentionPolicy
        fields = ("pattern", "board_id", "keep_days", "act")
        error_messages = {
            "pattern": {"required": "Name a type, or * for every one."},
            "keep_days": {"required": "Say for how many days.", "invalid": "Say for how many days, as a whole number."},
        }

    def clean_pattern(self) -> str:
        try:
            return check_name(self.cleaned_data["pattern"].strip(), "type")
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None

    def clean_board_id(self) -> str:
        return unquote(self.cleaned_data["board_id"])

    def clean_other_board(self) -> str:
        """Accept an id, or a name that only one board has."""
        stated: str = self.cleaned_data["other_board"].strip()
        found = current_state.called(EVERY_BOARD, stated) if stated else []
        if stated and len(found) != 1:
            raise forms.ValidationError(f"{'Several boards have' if found else 'No board has'} this name or id.")
        return found[0] if found else ""

    def clean(self) -> dict[str, Any] | None:
        if self.instance.pk is None and RetentionPolicy.objects.count() >= MAX_POLICIES:
            raise forms.ValidationError(f"There are {MAX_POLICIES} policies. Delete one first.", code="full")
        found: dict[str, Any] = super().clean() or self.cleaned_data
        if other := found.pop("other_board", ""):
            found["board_id"] = other
        return found

    @property
    def boards(self) -> list[tuple[str, str]]:
        return [
            (quote(board.board_id, safe=""), board.name) for board in current_state.boards(EVERY_BOARD, MAX_CHOICES)
        ]

    @property
    def has_other_boards(self) -> bool:
        return current_state.number_of_boards(EVERY_BOARD, most=MAX_CHOICES + 1) > MAX_CHOICES

    @property
    def types(self) -> list[str]:
        return [name for _, found in filter_choices.types(EVERY_BOARD) for name, _ in found]


def keep(form: PolicyForm, by: str, address: str) -> None:
    policy = form.save()
    audit.record("retention_changed", by, address, policy=str(policy), act=policy.act)


def forget(policy: RetentionPolicy, by: str, address: str) -> None:
    words = str(policy)
    policy.delete()
    audit.record("retention_changed", by, address, policy=words, act="deleted")


def context(form: PolicyForm | None = None) -> dict[str, Any]:
    return {"retention": retention(), "form": form or PolicyForm(), "acts": RetentionPolicy.Act.choices}
