"""Describe for people how far a clock was ahead."""

from __future__ import annotations

from datetime import timedelta

UNITS = ((timedelta(days=365), " years"), (timedelta(days=1), " d"), (timedelta(hours=1), " h"))
MINUTE = timedelta(minutes=1)


def describe_skew(ahead: timedelta) -> str:
    """Use the largest unit of which there are at least two: "clock ahead by 3 h", "clock ahead by 90 min"."""
    for unit, name in UNITS:
        if ahead >= 2 * unit:
            return f"clock ahead by {round(ahead / unit):,}{name}"
    return f"clock ahead by {round(ahead / MINUTE)} min"
