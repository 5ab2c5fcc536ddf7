"""Blockers that opened during a person's quiet hours. The log has them; only how far the person has seen is stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.models import AlertPreferences
from dashboard.pages.alerts.preferences import is_wanted, quiet_hours
from dashboard.queries.blockers import NamedBlocker, named, names_of
from dashboard.queries.root_causes import by_cause
from dashboard.visibility import Scope
from marcus_events import models

LOOK_BACK = timedelta(days=7)  # older ones are found on Blocked
MAX_ROWS = 1_000
MAX_CAUSES = 10


@dataclass(frozen=True)
class MissedCause:
    """The newest blocker with a description on a board, and the number of such blockers."""

    item: NamedBlocker
    number: int


@dataclass(frozen=True)
class Missed:
    """`causes` are the first causes, newest first; `total` counts all blockers. `goes_on` says that quiet hours
    continue.
    """

    total: int
    causes: list[MissedCause]
    more: int
    until: datetime
    goes_on: bool


def after_quiet_hours(preferences: AlertPreferences, scope: Scope, now: datetime) -> Missed | None:
    """Return missed alerts; None during quiet hours."""
    found = missed(preferences, scope, now)
    return None if found is None or found.goes_on else found


def missed(preferences: AlertPreferences, scope: Scope, now: datetime) -> Missed | None:
    """Return what the person has not marked as seen; None if there is nothing."""
    hours = quiet_hours(preferences)
    if hours is None:
        return None
    rows = [row for row in opened(preferences, scope, now) if hours.holds(row.opened_at)]
    if not rows:
        return None
    found = causes(rows)
    return Missed(len(rows), found[:MAX_CAUSES], max(0, len(found) - MAX_CAUSES), now, hours.holds(now))


def opened(preferences: AlertPreferences, scope: Scope, now: datetime) -> Iterable[models.Blocker]:
    """Return the blockers that match the person's preferences, newest first."""
    since = max(preferences.noted_until or now - LOOK_BACK, now - LOOK_BACK)
    rows = models.Blocker.objects.now().filter(opened_at__gt=since, opened_at__lte=now, **scope.on())
    return [row for row in rows.order_by("-opened_at")[:MAX_ROWS] if is_wanted(preferences, row.board_id, row.severity)]


def causes(rows: list[models.Blocker]) -> list[MissedCause]:
    alike = by_cause(rows).values()
    names = names_of(newest for newest, *_ in alike)
    return [MissedCause(named(newest, names), 1 + len(others)) for newest, *others in alike]
