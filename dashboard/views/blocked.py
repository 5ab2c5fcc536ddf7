"""Blocked: what stands still now, and how long it took to resolve what stood still before."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from dashboard.look import Look
from dashboard.sight import sight_of
from dashboard.views import page


@require_safe
def blocked(request: HttpRequest) -> HttpResponse:
    return page.render(
        request, "blocked/index.html", Look.at("blocked", request.GET, sight_of(request.user)), "Blocked"
    )
