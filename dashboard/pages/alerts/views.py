"""Alerts: a person's preferences, and what they missed during quiet hours.

All views concern the requesting user: no URL and no field names another one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.shortcuts import render as render_template
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dashboard.live.page_state import PageState
from dashboard.pages import page_view
from dashboard.pages.alerts.forms import AlertForm
from dashboard.pages.alerts.missed_alerts import missed as missed_by
from dashboard.pages.alerts.preferences import mark_seen, preferences_of, save_preferences
from dashboard.visibility import Scope, visibility_of
from marcus_events.core.event import utc_now


@require_http_methods(["GET", "HEAD", "POST"])
def alerts(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return show(request, AlertForm(preferences_of(viewer_id(request)), scope_of(request)))
    form = AlertForm(preferences_of(viewer_id(request)), scope_of(request), request.POST)
    if form.is_finding:
        return show(request, form.unchecked())
    if not form.is_valid():
        return show(request, form)
    save_preferences(viewer_id(request), form.values_to_save(), utc_now())
    return redirect(f"{reverse('alerts')}?saved=1")


def viewer_id(request: HttpRequest) -> int:
    return request.user.pk or 0


def scope_of(request: HttpRequest) -> Scope:
    """Alerts cover all visible boards."""
    return Scope(visibility_of(request.user))


def show(request: HttpRequest, form: AlertForm) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "is_saved": "saved" in request.GET and not form.is_bound,
        "missed": missed_by(form.before, scope_of(request), utc_now()),
    }
    page_state = PageState.of_board("alerts", request.GET)
    return page_view.render(request, "alerts/index.html", page_state, "Alerts", **context)


@require_GET
def missed(request: HttpRequest) -> HttpResponse:
    """Return missed alerts for a page that is open when quiet hours end."""
    found = missed_by(preferences_of(viewer_id(request)), scope_of(request), utc_now())
    return render_template(request, "alerts/_missed.html", {"missed": found, "page_state": PageState("now")})


@require_POST
def noted(request: HttpRequest) -> HttpResponse:
    """Mark alerts as seen up to the time that was shown; newer ones will be shown next time."""
    mark_seen(viewer_id(request), min(shown_at(request) or utc_now(), utc_now()))
    return redirect("now" if request.POST.get("page") == "now" else "alerts")


def shown_at(request: HttpRequest) -> datetime | None:
    try:
        found = parse_datetime(request.POST.get("until", ""))
    except ValueError:
        return None
    return found if found and found.tzinfo else None
