"""Removing the demo is an event like any other: everybody's pages hear of it, and the log keeps it."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from dashboard.acts import wait_shown
from dashboard.sight import sight_of
from marcus_events.doors.roles import HANDLE_BLOCKER
from marcus_events.ingest import ingest
from marcus_events.sources.demo import REMOVED, removal
from marcus_events.sources.demo_script import BOARD


@require_POST
def remove(request: HttpRequest) -> HttpResponse:
    if not sight_of(request.user).allows(BOARD):
        raise Http404("There is no demo.")
    if not request.user.has_perm(HANDLE_BLOCKER):
        raise PermissionDenied
    [receipt] = ingest([removal(REMOVED, source=f"user:{request.user.get_username()}")])
    wait_shown(receipt.position or 0)
    return redirect("now")
