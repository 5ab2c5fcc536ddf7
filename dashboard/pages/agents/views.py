"""Agents: the status of each, its last sign of life, and their timeline."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from dashboard.live.page_state import PageState
from dashboard.pages import page_view
from dashboard.visibility import visibility_of

PARAMETERS = ("board", "agent", "span", "until", "p")


@require_safe
def agents(request: HttpRequest) -> HttpResponse:
    page_state = PageState.from_query(
        "agents", {name: request.GET.get(name, "") for name in PARAMETERS}, visibility_of(request.user)
    )
    return page_view.render(request, "agents/index.html", page_state, "Agents")
