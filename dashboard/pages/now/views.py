"""Now: one sentence of state, what needs a person, how much of each kind, and the last events."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from dashboard.live import row_cache
from dashboard.live.page_state import PageState
from dashboard.live.visible_events import wanted
from dashboard.pages import page_view
from dashboard.pages.alerts.missed_alerts import after_quiet_hours
from dashboard.pages.alerts.preferences import preferences_of
from dashboard.pages.now.since_last_visit import since
from dashboard.pages.now.visits import last_visit
from dashboard.queries import event_stream
from dashboard.visibility import visibility_of
from marcus_events.core.event import utc_now
from marcus_events.core.filters import as_text
from marcus_events.log.read import Head
from marcus_events.log.statement_timeout import QueryTimeout

LATEST = 40  # rows


@require_safe
def now(request: HttpRequest) -> HttpResponse:
    page_state = PageState.of_board("now", request.GET, visibility_of(request.user))
    head = event_stream.head()
    if event_stream.is_untouched(head):
        return page_view.render(request, "empty.html", replace(page_state, page="empty"), "Now", head=head)
    return page_view.render(
        request, "now.html", page_state, "Now", head=head, **latest(page_state, head), **of_viewer(request, page_state)
    )


def latest(page_state: PageState, head: Head) -> dict[str, Any]:
    """The newest rows; none, and why, where they cannot be found in time."""
    try:
        return {"rows": row_cache.rows(event_stream.opening(wanted(page_state), LATEST).events, head)}
    except QueryTimeout:
        return {"rows": "", "are_rows_late": True}


def of_viewer(request: HttpRequest, page_state: PageState) -> dict[str, Any]:
    """What was missed is of all boards, and noted as a whole: it stands where all are shown."""
    missed = (
        None
        if page_state.board
        else after_quiet_hours(preferences_of(request.user.pk or 0), page_state.scope, utc_now())
    )
    return {"missed": missed} | since_last_visit(request, page_state)


def since_last_visit(request: HttpRequest, page_state: PageState) -> dict[str, Any]:
    """It is this viewer's alone, so it stands beside the regions, and stays as it was when the page was opened."""
    at = last_visit(request.user.pk or 0, utc_now())
    if at is None:
        return {}
    query = PageState("activity", board=page_state.board, q=f"since:{as_text(at.replace(microsecond=0))}").query()
    return {"since": since(at, page_state.scope), "since_query": query}
