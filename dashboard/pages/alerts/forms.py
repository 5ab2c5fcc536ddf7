"""The form of alert preferences. Works without JavaScript, which only fills in the browser's time zone."""

from __future__ import annotations

from datetime import time
from typing import Any

from django import forms

from dashboard.models import AlertPreferences
from dashboard.pages.alerts.quiet_hours import UTC, zones
from dashboard.pages.board_choice import BoardChoiceMixin
from dashboard.visibility import Scope

SEVERITY_CHOICES = (
    ("low", "All"),
    ("medium", "Medium+"),
    ("high", "High+"),
    ("critical", "Critical"),
)
DAY_CHOICES = tuple(enumerate(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), start=1))
MAX_BOARDS = 100
NO_TIME = {"invalid": "Enter a time such as 22:00."}
NO_ZONE = {"invalid_choice": "Choose a valid time zone.", "required": "Choose your time zone."}
STORED = ("severity", "notifications", "sound", "quiet", "quiet_from", "quiet_to", "time_zone")


class AlertForm(BoardChoiceMixin):
    """Alert preferences. Every page carries the chosen boards, so their number is limited, or all are chosen."""

    severity = forms.ChoiceField(choices=SEVERITY_CHOICES)
    notifications = forms.BooleanField(required=False)
    sound = forms.BooleanField(required=False)
    quiet = forms.BooleanField(required=False)
    quiet_from = forms.TimeField(required=False, error_messages=NO_TIME)
    quiet_to = forms.TimeField(required=False, error_messages=NO_TIME)
    quiet_days = forms.TypedMultipleChoiceField(choices=DAY_CHOICES, coerce=int, required=False)
    time_zone = forms.ChoiceField(error_messages=NO_ZONE)

    def __init__(self, preferences: AlertPreferences, scope: Scope, data: Any = None) -> None:
        super().__init__(data, initial=initial(preferences))
        self.before = preferences
        self.given, self.scope = frozenset(preferences.boards), scope
        self.fields["time_zone"].choices = zone_choices(preferences.time_zone)  # type: ignore[attr-defined]
        if preferences._state.adding and data is None:
            self.fields["time_zone"].widget.attrs["data-new"] = ""  # the browser proposes its own

    def clean_boards(self) -> list[str]:
        boards = super().clean_boards()
        if len(boards) > MAX_BOARDS:
            raise forms.ValidationError(f"Choose up to {MAX_BOARDS} boards, or none for all.")
        return boards

    def clean_quiet_from(self) -> time:
        return self.parse_time_field("quiet_from")

    def clean_quiet_to(self) -> time:
        return self.parse_time_field("quiet_to")

    def parse_time_field(self, name: str) -> time:
        """Return the time; an empty field keeps its value while quiet hours are off."""
        values_to_save: time | None = self.cleaned_data[name]
        if values_to_save is None and self.cleaned_data["quiet"]:
            raise forms.ValidationError("Enter a time.")
        found: time = values_to_save or getattr(self.before, name)
        return found.replace(second=0, microsecond=0)

    def clean_quiet_days(self) -> list[int]:
        days: list[int] = sorted(set(self.cleaned_data["quiet_days"]))
        if not days and self.cleaned_data["quiet"]:
            raise forms.ValidationError("Choose at least one day.")
        return days or self.before.quiet_days

    def values_to_save(self) -> dict[str, Any]:
        """Return the values of a valid form."""
        return {name: self.cleaned_data[name] for name in (*STORED, "boards", "quiet_days")}

    def days_chosen(self) -> list[str]:
        return [str(day) for day in self["quiet_days"].value() or []]


def initial(preferences: AlertPreferences) -> dict[str, Any]:
    stored: dict[str, Any] = {name: getattr(preferences, name) for name in STORED}
    times = {name: stored[name].strftime("%H:%M") for name in ("quiet_from", "quiet_to")}
    return stored | times | {"quiet_days": preferences.quiet_days}


def zone_choices(present_zone: str) -> list[Any]:
    """Return time zones by region. A stored zone stays available even if this machine does not know it."""
    known = {name for _, names in zones() for name in names} | {UTC}
    others = [] if present_zone in known else [(present_zone, present_zone)]
    regions = [(region, [(name, city_of(name)) for name in names]) for region, names in zones()]
    return [(UTC, UTC), *others, *regions]


def city_of(zone: str) -> str:
    return zone.partition("/")[2].replace("_", " ").replace("/", ", ")
