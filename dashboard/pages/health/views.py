"""Health: whether what the pages show can be trusted."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from dashboard.live.page_state import PageState
from dashboard.pages import page_view
from dashboard.visibility import visibility_of


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    page_state = PageState.of_board("health", request.GET, visibility_of(request.user))
    return page_view.render(request, "health/index.html", page_state, "Health")
