"""The regions of Now, and of what it shows until the first event."""

from __future__ import annotations

from typing import Any

from dashboard.live.page_state import PageState
from dashboard.live.regions import Page, RegionGroup
from dashboard.pages.now import queries
from dashboard.queries import counters, event_stream
from marcus_events.core.event import utc_now


def gather_needs(page_state: PageState) -> dict[str, Any]:
    """Read the costliest blockers; count all."""
    return queries.needs(page_state.scope, utc_now())


def gather_connections(page_state: PageState) -> dict[str, Any]:
    return queries.out_of_reach(page_state.scope)


def gather_counters(page_state: PageState) -> dict[str, Any]:
    return {"counters": counters.counters(page_state.scope, utc_now())}


def gather_untouched(page_state: PageState) -> dict[str, Any]:
    return {"is_untouched": event_stream.is_untouched(event_stream.head())}


PAGE = Page(
    RegionGroup({"verdict": "now/_verdict.html", "needs": "now/_needs.html"}, gather_needs),
    RegionGroup({"connections": "now/_connections.html"}, gather_connections),
    RegionGroup({"counters": "now/_counters.html", "minutes": "now/_minutes.html"}, gather_counters),
    stream=True,
    of_boards=True,
)
EMPTY = Page(RegionGroup({"waiting": "now/_waiting.html"}, gather_untouched), of_boards=True)
