"""Time zones by name."""

from __future__ import annotations

from datetime import tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.timezone import get_default_timezone


def zone_of(name: str) -> tzinfo:
    """Return the time zone; UTC if this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return get_default_timezone()
