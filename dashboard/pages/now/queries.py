"""Reads what needs a person now: open blockers by cause, and boards that Marcus is not connected to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dashboard.headline import HeadlineNumbers, headline_of
from dashboard.pages.boards import queries as boards
from dashboard.queries import blockers, counters, current_state
from dashboard.queries.root_causes import causes
from dashboard.visibility import Scope

MAX_CONNECTIONS = 5  # boards named
MAX_NEEDS = 12  # causes shown


def needs(scope: Scope, now: datetime) -> dict[str, Any]:
    """Read the costliest blockers; count all."""
    unsnoozed = blockers.unsnoozed_rows(scope, now)
    costliest = blockers.open_blockers(scope, now=now, chosen=unsnoozed)
    number, found = unsnoozed.count(), causes(costliest, now)
    is_all = number == len(costliest)
    numbers = HeadlineNumbers(
        blocked=blockers.count_tasks(unsnoozed),
        causes=len(found) if is_all else blockers.count_causes(unsnoozed),
        waiting=blockers.waiting_in_all(costliest),
        working=current_state.agents_working(scope),
        last_event_at=counters.last_at(scope),
        **current_state.progress(scope),
    )
    shown = found[:MAX_NEEDS]
    return {
        "causes": [cause for cause in shown if not cause.is_deserted],
        "deserted": [cause for cause in shown if cause.is_deserted],
        "has_several_boards": blockers.has_several_boards(scope),
        "assigned": blockers.assigned(unsnoozed),
        "needs_count": number,
        "more_causes": max(numbers.causes - MAX_NEEDS, 0),
        "snoozed": blockers.open_rows(scope).count() - number,
        "answered": blockers.answered(scope, now),
        "numbers": numbers,
        "events_in_hour": counters.in_last_hour(scope, now),
        "verdict": headline_of(numbers, now),
    }


def out_of_reach(scope: Scope) -> dict[str, Any]:
    found = list(boards.out_of_reach(scope)[: MAX_CONNECTIONS + 1])
    return {"out_of_reach": found[:MAX_CONNECTIONS], "has_more_out_of_reach": len(found) > MAX_CONNECTIONS}
