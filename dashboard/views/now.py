"""Now: one sentence of state, what needs a person, how much of each kind, and the last events."""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpRequest, HttpResponse

from dashboard import fragments
from dashboard.look import Look
from dashboard.queries import stream
from dashboard.queries.wanted import wanted
from dashboard.views import page
from marcus_events.log import read

LATEST = 40  # rows


def now(request: HttpRequest) -> HttpResponse:
    look = Look.at("now", {"board": request.GET.get("board", "")})  # it can be of a board, but is never filtered
    head = read.head()
    if head.position == 0:
        return page.render(request, "empty.html", replace(look, page="empty"), "Now", head=head)
    latest = stream.opening(wanted(look), LATEST)
    rows = fragments.rows(latest.events, head.epoch)
    return page.render(request, "now.html", look, "Now", head=head, rows=rows)
