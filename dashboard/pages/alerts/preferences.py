"""The preferences of one person: read, kept, and handed to the scripts of their page, which apply them.

The region `alerts` is the same for everybody, so a preference never changes what is sent, only what interrupts.
"""

from __future__ import annotations

import json
from datetime import datetime, time
from typing import Any

from dashboard.models import AlertPreferences
from dashboard.pages.alerts.quiet_hours import QuietHours
from marcus_events.core.event_fields import SEVERITIES


def preferences_of(user_id: int) -> AlertPreferences:
    """What was stored, or the defaults."""
    return AlertPreferences.objects.filter(user_id=user_id).first() or AlertPreferences(user_id=user_id)


def keep(user_id: int, values: dict[str, Any], now: datetime) -> None:
    """What came before quiet hours were switched on did not come during them."""
    before = preferences_of(user_id)
    if values["quiet"] and not before.quiet:
        values = values | {"noted_until": now}
    AlertPreferences.objects.update_or_create(user_id=user_id, defaults=values)


def note(user_id: int, until: datetime) -> None:
    """What came in quiet hours up to then has been seen."""
    AlertPreferences.objects.filter(user_id=user_id).update(noted_until=until)


def quiet_hours(preferences: AlertPreferences) -> QuietHours | None:
    if not preferences.quiet:
        return None
    days = frozenset(preferences.quiet_days)
    return QuietHours(preferences.quiet_from, preferences.quiet_to, days, preferences.time_zone)


def is_wanted(preferences: AlertPreferences, board_id: str, severity: str) -> bool:
    is_severe = SEVERITIES.index(severity) >= SEVERITIES.index(preferences.severity)
    return is_severe and (not preferences.boards or board_id in preferences.boards)


def as_json(preferences: AlertPreferences) -> str:
    """As `static/js/interrupting.js` takes them."""
    stated: dict[str, Any] = {name: getattr(preferences, name) for name in ("boards", "severity", "notifications")}
    return json.dumps(stated | {"sound": preferences.sound, "quiet": quiet_as_data(preferences)})


def quiet_as_data(preferences: AlertPreferences) -> dict[str, Any] | None:
    hours = quiet_hours(preferences)
    if hours is None:
        return None
    return {
        "from": minute_of(hours.begin),
        "to": minute_of(hours.end),
        "days": sorted(hours.days),
        "zone": hours.zone,
    }


def minute_of(at: time) -> int:
    """Of the day."""
    return at.hour * 60 + at.minute
