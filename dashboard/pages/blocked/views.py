"""Blocked: open blockers, and how long resolved ones took."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from dashboard.live.page_state import PageState
from dashboard.pages import page_view
from dashboard.pages.blocked import snoozes
from dashboard.visibility import visibility_of


@require_safe
def blocked(request: HttpRequest) -> HttpResponse:
    return page_view.render(
        request,
        "blocked/index.html",
        PageState.from_query("blocked", request.GET, visibility_of(request.user)),
        "Blocked",
        snoozes=snoozes.CHOICES,
    )
