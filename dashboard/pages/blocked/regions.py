"""The regions of Blocked."""

from __future__ import annotations

from typing import Any

from dashboard.live.page_state import PageState
from dashboard.live.regions import Page, RegionGroup
from dashboard.pages.blocked.delays import delays
from dashboard.pages.blocked.open_table import open_table
from dashboard.pages.blocked.resolved_table import resolved
from dashboard.queries import blockers
from marcus_events.core.event import utc_now


def gather_open(page_state: PageState) -> dict[str, Any]:
    return {"open": open_table(page_state, utc_now()), "sorts": blockers.SORTS_IN_WORDS.items()}


def gather_resolved(page_state: PageState) -> dict[str, Any]:
    counted = delays(page_state.scope, utc_now())
    return {"delays": counted, "resolved": resolved(page_state, counted)}


PAGE = Page(
    RegionGroup({"open": "blocked/_open.html"}, gather_open),
    RegionGroup({"delays": "blocked/_delays.html", "resolved": "blocked/_resolved.html"}, gather_resolved),
)
