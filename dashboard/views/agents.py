"""Agents: what each is at, when it was last heard of, and what they all were at before."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from dashboard.look import Look
from dashboard.sight import sight_of
from dashboard.views import page

PARAMETERS = ("board", "agent", "span", "until")


@require_safe
def agents(request: HttpRequest) -> HttpResponse:
    look = Look.at("agents", {name: request.GET.get(name, "") for name in PARAMETERS}, sight_of(request.user))
    return page.render(request, "agents/index.html", look, "Agents")
