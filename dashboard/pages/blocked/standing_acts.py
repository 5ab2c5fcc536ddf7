"""What people do with the standing reply that is saved from a blocker: save it, turn it on, turn it off."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest

from dashboard.pages.blocked.standing_list import of_example
from marcus_events.blockers import standing_replies
from marcus_events.blockers.actions import ActionNotPossible
from marcus_events.core.event import utc_now
from marcus_events.core.filters import parse_duration
from marcus_events.models import Blocker

SPANS = (("1d", "1 day"), ("3d", "3 days"), ("1w", "1 week"), ("4w", "4 weeks"))
MAX_DIGITS = 7  # of a number in a form


def act(request: HttpRequest, example: Blocker) -> None:
    """Do what the form says. Raises ActionNotPossible."""
    by = request.user.get_username()
    match request.POST.get("act"):
        case "standing-save":
            ends_at = utc_now() + parse_span(request.POST.get("for", ""))
            fields, times = request.POST.getlist("same"), parse_count(request.POST.get("times", ""))
            standing_replies.save(example, by, fields, ends_at, times)
        case "standing-on":
            standing_replies.turn_on(saved_from(example), by)
        case "standing-off":
            standing_replies.turn_off(saved_from(example), by)


def saved_from(example: Blocker) -> int:
    standing = of_example(example)
    if standing is None:
        raise ActionNotPossible("This reply is not a standing reply.")
    return int(standing.pk)


def parse_count(stated: str) -> int:
    """Read a whole number; 0, which is too few, if it is none."""
    is_number = stated.isascii() and stated.isdecimal() and len(stated) <= MAX_DIGITS
    return int(stated) if is_number else 0


def parse_span(stated: str) -> timedelta:
    """Read a length of time such as "2h". Raises ActionNotPossible."""
    if (length := parse_duration(stated)) is None or length > timedelta(days=366):
        raise ActionNotPossible("Choose a duration.")
    return length
