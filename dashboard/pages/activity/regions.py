"""The regions of Activity."""

from __future__ import annotations

from typing import Any

from dashboard.live.page_state import PageState
from dashboard.live.regions import Page, RegionGroup
from dashboard.live.visible_events import visible_filter
from dashboard.queries.histogram import histogram
from marcus_events.core.event import utc_now
from marcus_events.core.filters import InvalidFilter
from marcus_events.log.statement_timeout import QueryTimeout


def gather_activity(page_state: PageState) -> dict[str, Any]:
    """Read the histogram; none if the query is invalid or too slow. The page explains why."""
    try:
        return {"histogram": histogram(visible_filter(page_state), utc_now(), page_state.query_during)}
    except (InvalidFilter, QueryTimeout):
        return {"histogram": None}


PAGE = Page(RegionGroup({"histogram": "activity/_histogram.html"}, gather_activity), stream=True, of_boards=True)
