"""What opened during somebody's quiet hours. The log has it, so nothing is kept for them but how far they have seen."""

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

LOOK_BACK = timedelta(days=7)  # who has been away for longer reads Blocked
MAX_ROWS = 1_000
MAX_CAUSES = 10


@dataclass(frozen=True)
class MissedCause:
    """The newest of the blockers with the same description on the same board, and how many there were."""

    item: NamedBlocker
    number: int


@dataclass(frozen=True)
class Missed:
    """`causes` are the first of them, newest first; `total` counts every blocker. `goes_on`: it is quiet now."""

    total: int
    causes: list[MissedCause]
    more: int
    until: datetime
    goes_on: bool


def after_quiet_hours(preferences: AlertPreferences, scope: Scope, now: datetime) -> Missed | None:
    """None while they last."""
    found = missed(preferences, scope, now)
    return None if found is None or found.goes_on else found


def missed(preferences: AlertPreferences, scope: Scope, now: datetime) -> Missed | None:
    """What nobody has said to have seen; None where there is nothing."""
    hours = quiet_hours(preferences)
    if hours is None:
        return None
    rows = [row for row in opened(preferences, scope, now) if hours.holds(row.opened_at)]
    if not rows:
        return None
    found = causes(rows)
    return Missed(len(rows), found[:MAX_CAUSES], max(0, len(found) - MAX_CAUSES), now, hours.holds(now))


def opened(preferences: AlertPreferences, scope: Scope, now: datetime) -> Iterable[models.Blocker]:
    """The blockers that this person wants to hear of, newest first."""
    since = max(preferences.noted_until or now - LOOK_BACK, now - LOOK_BACK)
    rows = models.Blocker.objects.now().filter(opened_at__gt=since, opened_at__lte=now, **scope.on())
    return [row for row in rows.order_by("-opened_at")[:MAX_ROWS] if is_wanted(preferences, row.board_id, row.severity)]


def causes(rows: list[models.Blocker]) -> list[MissedCause]:
    alike = by_cause(rows).values()
    names = names_of(newest for newest, *_ in alike)
    return [MissedCause(named(newest, names), 1 + len(others)) for newest, *others in alike]
