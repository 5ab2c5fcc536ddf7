"""Removes the demo's board. Removal is an event, so all open pages learn of it and the log records it."""

from __future__ import annotations

from http import HTTPStatus

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from dashboard.visibility import visibility_of
from marcus_events.access.roles import HANDLE_BLOCKER
from marcus_events.blockers.actions import wait_until_projected
from marcus_events.core.reserved import USER, Authority, source_of
from marcus_events.ingest import ingest, log_refused
from marcus_events.sources.demo import REMOVED, removal
from marcus_events.sources.demo_script import BOARD


@require_POST
def remove(request: HttpRequest) -> HttpResponse:
    if not visibility_of(request.user).allows(BOARD):
        raise Http404("There is no demo board.")
    if not request.user.has_perm(HANDLE_BLOCKER):
        raise PermissionDenied
    by = source_of(USER, request.user.get_username())
    receipts = ingest([removal(REMOVED, source=by)], Authority.SYSTEM)
    if refused := log_refused(receipts, "the removal of the demo"):
        return HttpResponse(f"The demo board could not be removed: {refused[0].error}.", status=HTTPStatus.CONFLICT)
    wait_until_projected(receipts[0].position or 0)
    return redirect("now")
