"""The table of resolved blockers, newest first, with keyset pagination."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import DurationField, ExpressionWrapper, F

from dashboard.pages.blocked.delays import BINS, EDGES_S, Bin, Delays
from dashboard.queries.blockers import ResolvedBlocker, names_of, resolved_blocker
from dashboard.visibility import Scope
from marcus_events import models
from marcus_events.core.event import InvalidEvent, parse_timestamp
from marcus_events.core.filters import format_moment

PAGE = 30
MAX_ID = 2**63


@dataclass(frozen=True)
class Resolved:
    """`total` counts all pages; `chosen` is the selected range of durations, if any."""

    blockers: list[ResolvedBlocker]
    total: int
    chosen: Bin | None
    older: str  # cursor of the next page; "" on the last


def resolved(scope: Scope, counted: Delays, *, took: str = "", older: str = "") -> Resolved:
    """Those that took so long, where `took` names one of the bins, and that are older than a place."""
    chosen = next((found for found in counted.bins if found.took == took), None)
    rows = models.Blocker.objects.now().filter(resolved_at__isnull=False, **scope.on())
    if chosen:
        rows = taking(rows.filter(resolved_at__gte=counted.since), int(chosen.took))
    page = list(after(rows, older).order_by("-resolved_at", "-blocker_id")[: PAGE + 1])
    names = names_of(page)
    items = [resolved_blocker(row, names) for row in page[:PAGE]]
    following = place(page[PAGE - 1]) if len(page) > PAGE else ""
    return Resolved(items, chosen.bar.value if chosen else counted.resolved, chosen, following)


def taking(rows: Any, number: int) -> Any:
    """Return the blockers whose duration is in one of the BINS."""
    took = ExpressionWrapper(F("resolved_at") - F("opened_at"), output_field=DurationField())
    rows = rows.alias(took=took)
    if number > 0:
        rows = rows.filter(took__gte=timedelta(seconds=EDGES_S[number - 1]))
    return rows if number == len(BINS) - 1 else rows.filter(took__lt=timedelta(seconds=EDGES_S[number]))


def place(row: models.Blocker) -> str:
    return f"{format_moment(row.resolved_at or row.opened_at)},{row.blocker_id}"


def after(rows: Any, older: str) -> Any:
    """Return what is older than the cursor; everything if it is invalid."""
    if (found := read_place(older)) is None:
        return rows
    moment, blocker_id = found
    return rows.filter(resolved_at__lte=moment).exclude(resolved_at=moment, blocker_id__gte=blocker_id)


def read_place(older: str) -> tuple[datetime, int] | None:
    moment, _, blocker_id = older.partition(",")
    try:
        found = parse_timestamp(moment), int(blocker_id)
    except (InvalidEvent, ValueError):
        return None
    return found if 0 < found[1] < MAX_ID else None
