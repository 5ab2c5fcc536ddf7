"""Quiet hours: from one time of day to another, in a time zone.

1. They begin on the chosen days, and belong to the day on which they begin.
2. If their end is earlier than their beginning, they end on the next day; if equal, after a whole day.

`static/js/interrupting.js` has the same rules; tests/browser/test_alerts.py compares both.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from functools import cache
from zoneinfo import available_timezones

from dashboard.time_zones import zone_of

UTC = "UTC"


@dataclass(frozen=True)
class QuietHours:
    """`days` are those on which they begin; Monday is 1."""

    begin: time
    end: time
    days: frozenset[int]
    zone: str

    def holds(self, moment: datetime) -> bool:
        local = moment.astimezone(zone_of(self.zone))
        day, at = local.isoweekday(), local.time()
        begins, began = day in self.days, (day - 1 or 7) in self.days
        if self.begin < self.end:
            return begins and self.begin <= at < self.end
        return (begins and at >= self.begin) or (began and at < self.end)


@cache
def zones() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the time zones by region. Some machines know none but UTC."""
    regions: dict[str, list[str]] = {}
    for name in sorted(available_timezones()):
        region, _, place = name.partition("/")
        if place and region != "Etc":
            regions.setdefault(region, []).append(name)
    return tuple((region, tuple(names)) for region, names in regions.items())
