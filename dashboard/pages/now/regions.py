"""The regions of Now."""

from __future__ import annotations

from typing import Any

from dashboard.headline import HeadlineNumbers, headline_of
from dashboard.live.page_state import PageState
from dashboard.live.regions import Page, RegionGroup
from dashboard.pages.boards import queries as boards
from dashboard.queries import blockers, counters, current_state
from dashboard.queries.root_causes import causes
from marcus_events.core.event import utc_now

MAX_CONNECTIONS = 5  # boards named
MAX_NEEDS = 20  # causes shown


def gather_needs(page_state: PageState) -> dict[str, Any]:
    """Read the costliest blockers; count all."""
    now, scope = utc_now(), page_state.scope
    unsnoozed = blockers.open_rows(scope).exclude(snoozed_until__gt=now)
    needs = blockers.open_blockers(scope, now=now, chosen=unsnoozed)
    number, found = unsnoozed.count(), causes(needs, now)
    is_all = number == len(needs)
    numbers = HeadlineNumbers(
        blocked=blockers.count_tasks(unsnoozed),
        causes=len(found) if is_all else blockers.count_causes(unsnoozed),
        waiting=blockers.waiting_in_all(needs),
        working=current_state.agents_working(scope),
        last_event_at=counters.last_at(scope),
        **current_state.progress(scope),
    )
    return {
        "causes": found[:MAX_NEEDS],
        "needs_count": number,
        "more_causes": max(numbers.causes - MAX_NEEDS, 0),
        "snoozed": blockers.open_rows(scope).count() - number,
        "answered": blockers.answered(scope, now),
        "numbers": numbers,
        "events_in_hour": counters.in_last_hour(scope, now),
        "verdict": headline_of(numbers, now),
    }


def gather_connections(page_state: PageState) -> dict[str, Any]:
    found = list(boards.out_of_reach(page_state.scope)[: MAX_CONNECTIONS + 1])
    return {"out_of_reach": found[:MAX_CONNECTIONS], "has_more_out_of_reach": len(found) > MAX_CONNECTIONS}


def gather_counters(page_state: PageState) -> dict[str, Any]:
    return {"counters": counters.counters(page_state.scope, utc_now())}


PAGE = Page(
    RegionGroup({"verdict": "now/_verdict.html", "needs": "now/_needs.html"}, gather_needs),
    RegionGroup({"connections": "now/_connections.html"}, gather_connections),
    RegionGroup({"counters": "now/_counters.html", "minutes": "now/_minutes.html"}, gather_counters),
    stream=True,
)
