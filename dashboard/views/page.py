"""What the views have in common: a page with its regions, at one moment of the log."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render as render_template

from dashboard import regions
from dashboard.look import Look
from dashboard.queries import blockers
from marcus_events.core.event import utc_now
from marcus_events.log import read


def render(request: HttpRequest, template: str, look: Look, title: str, **context: Any) -> HttpResponse:
    """The page as of now. The head is read before anything else: what comes after it, the WebSocket brings."""
    head = read.head()
    shared = {"look": look, "title": title, "head": head, "now": utc_now(), "regions": regions.render(look)}
    shared["open_count"] = blockers.count_open()
    return render_template(request, template, shared | context)
