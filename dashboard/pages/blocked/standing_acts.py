"""What people do with the standing reply that is saved from a blocker: save it, turn it on, turn it off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpRequest

from dashboard.pages.blocked.standing_list import of_example
from marcus_events.blockers import standing_replies
from marcus_events.blockers.actions import ActionNotPossible
from marcus_events.core.event import utc_now
from marcus_events.core.filters import parse_duration
from marcus_events.models import Blocker

SPANS = (("1d", "1 day"), ("3d", "3 days"), ("1w", "1 week"), ("4w", "4 weeks"), ("12w", "12 weeks"))
MAX_DIGITS = 7  # of a number in a form
SAVE = "standing-save"


@dataclass(frozen=True)
class StandingForm:
    """What the form that saves a standing reply shows: the defaults, or after an error what was chosen."""

    same: tuple[str, ...] = ("question",)
    span: str = "1w"
    times: str = "20"
    is_open: bool = False


def form_of(request: HttpRequest) -> StandingForm:
    if request.POST.get("act") != SAVE:
        return StandingForm()
    stated = request.POST
    return StandingForm(tuple(stated.getlist("same")), stated.get("for", ""), stated.get("times", ""), is_open=True)


def act(request: HttpRequest, example: Blocker) -> None:
    """Do what the form says. Raises ActionNotPossible."""
    by = request.user.get_username()
    match request.POST.get("act"):
        case "standing-save":
            form = form_of(request)
            ends_at = utc_now() + parse_span(form.span)
            standing_replies.save(example, by, form.same, ends_at, parse_count(form.times))
        case "standing-on":
            standing_replies.turn_on(shown(request, example), by)
        case "standing-off":
            standing_replies.turn_off(shown(request, example), by)


def shown(request: HttpRequest, example: Blocker) -> int:
    """Return the standing reply that the form was about, if it is still the one that was saved from this blocker."""
    standing = of_example(example)
    if standing is None or str(standing.pk) != request.POST.get("standing"):
        raise ActionNotPossible("Somebody has changed this standing reply. Look at it again.")
    return int(standing.pk)


def parse_count(stated: str) -> int:
    """Return the number, or 0 if the text is not a whole number."""
    is_number = stated.isascii() and stated.isdecimal() and len(stated) <= MAX_DIGITS
    return int(stated) if is_number else 0


def parse_span(stated: str) -> timedelta:
    """Read a length of time such as "2h". Raises ActionNotPossible."""
    if (length := parse_duration(stated)) is None or length > timedelta(days=366):
        raise ActionNotPossible("Choose a duration.")
    return length
