"""Now: a headline, open needs, counters and the latest events."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from dashboard.live import row_cache
from dashboard.live.page_state import PageState
from dashboard.live.visible_events import visible_filter
from dashboard.pages import page_view
from dashboard.pages.alerts.missed_alerts import after_quiet_hours
from dashboard.pages.alerts.preferences import preferences_of
from dashboard.pages.blocked import snoozes
from dashboard.pages.now.since_last_visit import since
from dashboard.pages.now.visits import last_visit
from dashboard.queries import event_stream
from dashboard.visibility import visibility_of
from marcus_events.core.event import utc_now
from marcus_events.core.filters import format_moment
from marcus_events.log.read import Head
from marcus_events.log.statement_timeout import QueryTimeout

LATEST = 40  # rows


@require_safe
def now(request: HttpRequest) -> HttpResponse:
    page_state = PageState.of_board("now", request.GET, visibility_of(request.user))
    head = event_stream.head()
    if event_stream.is_untouched(head):
        return page_view.render(request, "now/empty.html", replace(page_state, page="empty"), "Now", head=head)
    return page_view.render(
        request,
        "now/index.html",
        page_state,
        "Now",
        head=head,
        snoozes=snoozes.CHOICES,
        **latest(page_state, head),
        **viewer_context(request, page_state),
    )


def latest(page_state: PageState, head: Head) -> dict[str, Any]:
    """Return the newest rows; or none and the reason if they cannot be read in time."""
    try:
        return {"rows": row_cache.rows_html(event_stream.opening(visible_filter(page_state), LATEST).events, head)}
    except QueryTimeout:
        return {"rows": "", "are_rows_late": True}


def viewer_context(request: HttpRequest, page_state: PageState) -> dict[str, Any]:
    """Return missed alerts. They cover all boards, so they are shown only when all boards are."""
    missed = (
        None
        if page_state.board
        else after_quiet_hours(preferences_of(request.user.pk or 0), page_state.scope, utc_now())
    )
    return {"missed": missed} | since_last_visit(request, page_state)


def since_last_visit(request: HttpRequest, page_state: PageState) -> dict[str, Any]:
    """Return the viewer's own counts. Not a region: they stay as they were when the page was opened."""
    at = last_visit(request.user.pk or 0, utc_now())
    if at is None:
        return {}
    query = PageState("activity", board=page_state.board, q=f"since:{format_moment(at.replace(microsecond=0))}").query()
    return {"since": since(at, page_state.scope), "since_query": query}
