"""Renders a page with its regions at one position of the log."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render as render_template

from dashboard.live.page_state import PageState
from dashboard.pages.alerts.preferences import preferences_as_json, preferences_of
from dashboard.pages.all_pages import PAGES
from dashboard.pages.sign_in.one_time_links import stay_signed_in
from dashboard.queries import event_stream
from dashboard.queries.people import administrators
from dashboard.visibility import visibility_of
from marcus_events.core.event import utc_now
from marcus_events.log.read import Head


def render(
    request: HttpRequest,
    template: str,
    page_state: PageState,
    title: str,
    *,
    head: Head | None = None,
    **context: Any,
) -> HttpResponse:
    """Render the page with its current data. Reads the head first: the WebSocket sends everything after it.

    A view that reads the log itself has read the head before and passes it. The viewer's visibility always applies.
    """
    page_state = replace(page_state, visibility=visibility_of(request.user))
    if not PAGES[page_state.page].is_open_to(page_state.visibility):
        raise PermissionDenied
    stay_signed_in(request)
    if PAGES[page_state.page].of_boards and page_state.visibility.boards == frozenset():
        template, page_state = "no_boards.html", replace(page_state, page="no-boards")
        context = {"administrators": administrators()}
    head = head or event_stream.head()
    page = PAGES[page_state.page]
    gathered = page.gather(page_state)
    shared = {
        "page_state": page_state,
        "title": title,
        "head": head,
        "now": utc_now(),
        "open_count": gathered.get("open_count", 0),
    }
    shared["preferences"] = preferences_as_json(preferences_of(request.user.pk or 0))  # personal, so it is in no region
    return render_template(request, template, shared | {"regions": page.render_gathered(gathered)} | context)
