"""Audit: log integrity, the audit trail, and the redaction of an event. For administrators."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import psycopg
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from dashboard.live.page_state import PageState, replace_nul
from dashboard.pages import page_view
from dashboard.pages.activity import views
from dashboard.pages.administrator_view import by_administrator
from dashboard.pages.audit import queries
from dashboard.pages.typed_name import is_typed
from marcus_events.audit import address_of
from marcus_events.audit.hash_chain.verification_runs import VERIFIER
from marcus_events.audit.redaction import MAX_REASON, CannotRedact, redact

AWAY = "The database is busy. Try again in a moment."


@require_safe
@by_administrator
def audit(request: HttpRequest) -> HttpResponse:
    who = replace_nul(request.GET.get("who", "").strip())[:150]
    what = request.GET.get("what", "")
    kinds = queries.kinds()
    chosen = what if what in dict(kinds) else ""
    context: dict[str, Any] = {"acts": queries.acts(who, chosen, views.position(request, "before")), "kinds": kinds}
    context |= {"who": who, "what": chosen}
    return page_view.render(request, "audit/index.html", PageState.of_board("audit", request.GET), "Audit", **context)


@require_POST
@by_administrator
def verify(request: HttpRequest) -> HttpResponse:
    """Start a verification in the background, unless one is running; the page shows its progress."""
    VERIFIER.get().request((request.user.get_username(), address_of(request)))
    return redirect("audit")


@require_POST
@by_administrator
def redact_event(request: HttpRequest, position: int) -> HttpResponse:
    reason = request.POST.get("reason", "")
    try:
        if not is_typed(request, str(position)):
            raise CannotRedact(f"Type {position}, the position of the event, to confirm.")
        redact(position, request.user.get_username(), reason, address_of(request))
    except (CannotRedact, psycopg.OperationalError) as error:
        words = str(error) if isinstance(error, CannotRedact) else AWAY
        response = views.show_event(request, position, error=words, reason=reason[:MAX_REASON])
        response.status_code = HTTPStatus.CONFLICT
        return response
    return redirect(f"{reverse('event', args=[position])}#redacted")
