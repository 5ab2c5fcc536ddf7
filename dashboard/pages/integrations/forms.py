"""Forms that create tokens and webhooks, and add followed folders."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.db import IntegrityError

from dashboard.pages.board_choice import BoardChoiceMixin
from dashboard.pages.integrations import folder_actions
from dashboard.visibility import EVERYTHING, Scope
from marcus_events.access import tokens
from marcus_events.core.event import LATEST, utc_now
from marcus_events.models import FollowedFolder, Webhook
from marcus_events.sources.marcus.folder_check import find_problem, parse_path
from marcus_events.webhooks import registration
from marcus_events.webhooks.receiver_address import MAX_URL, TOO_LONG

NEVER, ON = "never", "date"
EXPIRIES = (("30", "30 days"), ("90", "90 days"), ("365", "1 year"), (NEVER, "Never"), (ON, "On a date"))
SCOPES = tuple((scope, scope.capitalize()) for scope in tokens.SCOPES)
NAME_TAKEN = "A token with this name already exists. Names of revoked tokens cannot be reused."
MAX_NAME = 100  # characters
MAX_SOURCES = 4_000
MAX_PATH = 600  # characters; fits into an index as UTF-8
MAX_FOLDER_NAME = 200


@dataclass(frozen=True)
class NewToken:
    """A new token with its secret, which only the response to this request contains."""

    name: str
    secret: str
    boards: list[str]
    sources: list[str]
    may_publish: bool = True

    def __repr__(self) -> str:
        return f"<Made {self.name!r}>"


class TokenForm(BoardChoiceMixin):
    """A token to create."""

    name = forms.CharField(max_length=MAX_NAME, error_messages={"required": "Enter a name."})
    scopes = forms.MultipleChoiceField(
        choices=SCOPES, initial=list(tokens.SCOPES), error_messages={"required": "Select at least one permission."}
    )
    sources = forms.CharField(max_length=MAX_SOURCES, required=False)
    expires = forms.ChoiceField(choices=EXPIRIES, initial="90")
    expires_on = forms.DateField(required=False, error_messages={"invalid": "Enter a date such as 2030-12-31."})

    scope = Scope(EVERYTHING)

    def clean_sources(self) -> list[str]:
        """Parse one pattern per line."""
        return [line.strip() for line in self.cleaned_data["sources"].splitlines() if line.strip()]

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = self.cleaned_data
        chosen, day = found.get("expires"), found.get("expires_on")
        found["expires_at"] = None
        if chosen == ON:
            found["expires_at"] = self.end_of(day)
        elif chosen and chosen != NEVER:
            found["expires_at"] = utc_now() + timedelta(days=int(chosen))
        return found

    def end_of(self, day: date | None) -> datetime | None:
        if day is None:
            if "expires_on" not in self.errors:
                self.add_error("expires_on", "Choose a date.")
        elif day < utc_now().date():
            self.add_error("expires_on", "This date has passed.")
        elif day >= LATEST.date():
            self.add_error("expires_on", f"Choose a date before {LATEST.year}, or “Never”.")
        else:
            return datetime.combine(day + timedelta(days=1), time(), UTC)
        return None

    def make(self, created_by: int | None) -> NewToken | None:
        """Create the token; None if the form has errors."""
        if not self.is_valid():
            return None
        stated = self.cleaned_data
        try:
            secret = tokens.create(
                stated["name"],
                stated["scopes"],
                stated["boards"],
                stated["sources"],
                stated["expires_at"],
                created_by,
            )
        except IntegrityError:
            self.add_error("name", NAME_TAKEN)
        except ValueError as error:
            self.add_error(None, str(error))
        else:
            may_publish = "publish" in stated["scopes"]
            return NewToken(stated["name"], secret, stated["boards"], stated["sources"], may_publish)
        return None


@contextmanager
def as_form_errors() -> Iterator[None]:
    try:
        yield
    except folder_actions.CannotFollow as error:
        raise forms.ValidationError(str(error)) from None


class FolderForm(forms.Form):
    """Validates a folder to follow."""

    path = forms.CharField(
        max_length=MAX_PATH,
        error_messages={
            "required": "Enter the folder where Marcus was started.",
            "max_length": f"Enter a path of at most {MAX_PATH} characters.",
        },
    )
    board = forms.CharField(max_length=MAX_FOLDER_NAME, required=False)
    time_zone = forms.CharField(max_length=MAX_FOLDER_NAME, required=False)

    def clean_path(self) -> str:
        try:
            path = parse_path(self.cleaned_data["path"])
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None
        if reason := find_problem(path):
            raise forms.ValidationError(reason)
        with as_form_errors():
            folder_actions.check_unfollowed(path)
        return str(path)

    def clean_time_zone(self) -> str:
        name: str = self.cleaned_data["time_zone"]
        if name and name not in available_timezones():
            raise forms.ValidationError("Unknown time zone. Enter one such as Europe/Berlin.")
        return name

    def clean(self) -> None:
        with as_form_errors():
            folder_actions.check_room()

    def follow(self, by: str, address: str) -> FollowedFolder | None:
        """Save and return the folder; None if the form has errors."""
        if not self.is_valid():
            return None
        try:
            return folder_actions.follow(by, address, **self.cleaned_data)
        except folder_actions.CannotFollow as error:
            self.add_error("path", str(error))
            return None


class WebhookForm(BoardChoiceMixin):
    """A webhook to create."""

    url = forms.CharField(
        max_length=MAX_URL, error_messages={"required": "Enter the URL to call.", "max_length": TOO_LONG}
    )

    scope = Scope(EVERYTHING)

    def create(self, by: str, address: str) -> Webhook | None:
        """Create the webhook; None if the form has errors."""
        if not self.is_valid():
            return None
        try:
            return registration.create(self.cleaned_data["url"], self.cleaned_data["boards"], by, address)
        except registration.CannotRegister as error:
            self.add_error("url", str(error))
            return None
