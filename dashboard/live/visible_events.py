"""The events that a page state shows: those that match its filter and are visible."""

from __future__ import annotations

from dashboard.live.page_state import PageState
from dashboard.queries.filter_names import with_named
from marcus_events.core.filters import EventFilter


def visible_filter(page_state: PageState) -> EventFilter:
    """Return the filter of a page state. Raises InvalidFilter."""
    return page_state.visibility.narrow(with_named(page_state.filter, page_state.scope.everywhere()))
