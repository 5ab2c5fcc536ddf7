"""The form that creates tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.db import IntegrityError

from dashboard.pages.board_choice import BoardChoiceMixin
from dashboard.visibility import EVERYTHING, Scope
from marcus_events.access import tokens
from marcus_events.core.event import LATEST, utc_now

NEVER, ON = "never", "date"
EXPIRIES = (("30", "30 days"), ("90", "90 days"), ("365", "A year"), (NEVER, "Never"), (ON, "A date"))
SCOPES = (("publish", "Publish"), ("read", "Read"))
NAME_TAKEN = "There is a token of this name already. A revoked one keeps its name, so that it is known what it was."
MAX_NAME = 100  # characters
MAX_SOURCES = 4_000


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

    name = forms.CharField(max_length=MAX_NAME, error_messages={"required": "Say what it is for."})
    scopes = forms.MultipleChoiceField(
        choices=SCOPES, initial=["publish", "read"], error_messages={"required": "It has to be for something."}
    )
    sources = forms.CharField(max_length=MAX_SOURCES, required=False)
    expires = forms.ChoiceField(choices=EXPIRIES, initial="90")
    expires_on = forms.DateField(required=False, error_messages={"invalid": "That is no day: write it as 2030-12-31."})

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
                self.add_error("expires_on", "Choose the day.")
        elif day < utc_now().date():
            self.add_error("expires_on", "That day has passed.")
        elif day >= LATEST.date():
            self.add_error("expires_on", f"Choose a day before {LATEST.year}, or “Never”.")
        else:
            return datetime.combine(day + timedelta(days=1), time(), UTC)
        return None

    def make(self) -> NewToken | None:
        """Create the token; None if the form has errors."""
        if not self.is_valid():
            return None
        stated = self.cleaned_data
        try:
            secret = tokens.create(
                stated["name"], stated["scopes"], stated["boards"], stated["sources"], stated["expires_at"]
            )
        except IntegrityError:
            self.add_error("name", NAME_TAKEN)
        except ValueError as error:
            self.add_error(None, str(error))
        else:
            may_publish = "publish" in stated["scopes"]
            return NewToken(stated["name"], secret, stated["boards"], stated["sources"], may_publish)
        return None
