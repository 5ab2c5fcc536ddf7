"""How long a blocker can be snoozed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta, tzinfo

from dashboard.pages.blocked.standing_acts import parse_span
from dashboard.time_zones import zone_of
from marcus_events.core.event import utc_now

TOMORROW = "tomorrow"
MORNING = time(9)
MAX_NAME = 100  # characters of a time zone's name
CHOICES = (("30m", "30 minutes"), (TOMORROW, "Until tomorrow 9:00"), ("1w", "1 week"))


def parse_end(form: Mapping[str, str]) -> datetime | None:
    """Return the time that a form asks for: a span from now, or tomorrow morning in its `zone`; None for no end.

    Raises ActionNotPossible.
    """
    stated = form.get("snooze") or form.get("for", "")
    if stated == TOMORROW:
        return tomorrow_morning(utc_now(), zone_of(form.get("zone", "")[:MAX_NAME]))
    return utc_now() + parse_span(stated) if stated else None


def tomorrow_morning(now: datetime, zone: tzinfo) -> datetime:
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, MORNING, zone).astimezone(UTC)
