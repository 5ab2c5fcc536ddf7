"""How far a clock was ahead, in words."""

from __future__ import annotations

from datetime import timedelta

UNITS = ((timedelta(days=365), " years"), (timedelta(days=1), " d"), (timedelta(hours=1), " h"))
MINUTE = timedelta(minutes=1)


def describe_skew(ahead: timedelta) -> str:
    """In the largest unit of which there are two: "clock ahead by 3 h", "clock ahead by 90 min"."""
    for unit, name in UNITS:
        if ahead >= 2 * unit:
            return f"clock ahead by {round(ahead / unit):,}{name}"
    return f"clock ahead by {round(ahead / MINUTE)} min"
