"""The regions of Blocked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dashboard.live.page_state import PageState, with_times
from dashboard.live.regions import Page, RegionGroup
from dashboard.pages.blocked import standing_list
from dashboard.pages.blocked.delays import delays
from dashboard.pages.blocked.open_table import open_table
from dashboard.pages.blocked.resolved_table import resolved
from dashboard.queries import blockers
from marcus_events.core.event import utc_now


def gather_open(page_state: PageState) -> dict[str, Any]:
    chosen = {"severity": page_state.severity, "cause": page_state.cause, "assignee": page_state.assignee}
    shown = open_table(page_state.scope, utc_now(), **chosen, sort=page_state.sort, page=page_state.p)
    return {"open": shown, "sorts": blockers.SORTS_IN_WORDS.items()}


def gather_resolved(page_state: PageState) -> dict[str, Any]:
    counted = delays(page_state.scope, utc_now(), reports)
    shown = resolved(page_state.scope, counted, took=page_state.took, older=page_state.older)
    return {"delays": counted, "resolved": shown}


def gather_standing(page_state: PageState) -> dict[str, Any]:
    return {"standing": standing_list.listed(page_state.scope)}


def reports(board: str, start: datetime, end: datetime) -> str:
    """The query of Activity for the reports of blockers between two times."""
    return PageState("activity", board=board, type="task_blocked", q=with_times("", start, end)).query()


PAGE = Page(
    RegionGroup({"open": "blocked/_open.html"}, gather_open),
    RegionGroup({"standing": "blocked/_standing_list.html"}, gather_standing),
    RegionGroup({"delays": "blocked/_delays.html", "resolved": "blocked/_resolved.html"}, gather_resolved),
    of_boards=True,
)
