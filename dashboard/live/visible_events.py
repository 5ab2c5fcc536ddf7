"""Which events a page shows: those of its filter that the viewer may see. A task or an agent may be called by name."""

from __future__ import annotations

from dashboard.live.page_state import PageState
from dashboard.queries.filter_names import with_named
from marcus_events.core.filters import EventFilter


def wanted(page_state: PageState) -> EventFilter:
    """Raises InvalidFilter where the query cannot be read."""
    return page_state.visibility.narrow(with_named(page_state.filter, page_state.scope.everywhere()))
