"""A person's alert preferences: read, saved, and passed to the page's scripts, which apply them.

The region `alerts` is the same for everybody; preferences only decide what interrupts, never what is sent.
"""

from __future__ import annotations

import json
from datetime import datetime, time
from typing import Any

from dashboard.models import AlertPreferences
from dashboard.pages.alerts.quiet_hours import QuietHours
from marcus_events.core.event_fields import SEVERITIES


def preferences_of(user_id: int) -> AlertPreferences:
    """Return the stored preferences, or the defaults."""
    return AlertPreferences.objects.filter(user_id=user_id).first() or AlertPreferences(user_id=user_id)


def save_preferences(user_id: int, values: dict[str, Any], now: datetime) -> None:
    """Save. Blockers from before quiet hours were switched on did not open during them."""
    before = preferences_of(user_id)
    if values["quiet"] and not before.quiet:
        values = values | {"noted_until": now}
    AlertPreferences.objects.update_or_create(user_id=user_id, defaults=values)


def mark_seen(user_id: int, until: datetime) -> None:
    """Mark alerts of quiet hours up to this time as seen."""
    AlertPreferences.objects.filter(user_id=user_id).update(noted_until=until)


def quiet_hours(preferences: AlertPreferences) -> QuietHours | None:
    if not preferences.quiet:
        return None
    days = frozenset(preferences.quiet_days)
    return QuietHours(preferences.quiet_from, preferences.quiet_to, days, preferences.time_zone)


def is_wanted(preferences: AlertPreferences, board_id: str, severity: str) -> bool:
    is_severe = SEVERITIES.index(severity) >= SEVERITIES.index(preferences.severity)
    return is_severe and (not preferences.boards or board_id in preferences.boards)


def preferences_as_json(preferences: AlertPreferences) -> str:
    """Convert for `static/js/interrupting.js`."""
    stated: dict[str, Any] = {name: getattr(preferences, name) for name in ("boards", "severity", "notifications")}
    return json.dumps(stated | {"sound": preferences.sound, "quiet": quiet_hours_as_json(preferences)})


def quiet_hours_as_json(preferences: AlertPreferences) -> dict[str, Any] | None:
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
    """Return the minute of the day."""
    return at.hour * 60 + at.minute
