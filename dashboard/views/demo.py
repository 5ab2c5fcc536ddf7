"""Removing the demo is an event like any other: everybody's pages hear of it, and the log keeps it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from marcus_events.ingest import ingest
from marcus_events.sources.demo import REMOVED, removal


@require_POST
def remove(request: HttpRequest) -> HttpResponse:
    ingest([removal(REMOVED, source=f"user:{request.user.get_username()}")])
    return redirect("now")
