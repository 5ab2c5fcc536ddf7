"""Retention: how long events are stored, what would be removed now, and the runs. For administrators."""

from __future__ import annotations

from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST

from dashboard.live.page_state import PageState
from dashboard.pages import page_view
from dashboard.pages.administrator_view import by_administrator
from dashboard.pages.retention import queries
from marcus_events.audit import address_of
from marcus_events.models import RetentionPolicy
from marcus_events.retention.runs import RETENTION


@by_administrator
@require_http_methods(["GET", "HEAD", "POST"])
def retention(request: HttpRequest) -> HttpResponse:
    """Show the page; POST adds a policy."""
    if request.method != "POST":
        return show(request)
    return save(request, queries.PolicyForm(request.POST))


@by_administrator
@require_POST
def change(request: HttpRequest, policy_id: int) -> HttpResponse:
    """Change or delete a policy."""
    policy = get_object_or_404(RetentionPolicy, pk=policy_id)
    if request.POST.get("act") == "delete":
        queries.forget(policy, *who(request))
        return redirect("retention")
    if request.POST.get("act") == "switch":
        policy.enabled = not policy.enabled
        policy.save()
        return redirect("retention")
    fixed = {"pattern": policy.pattern, "board_id": quote(policy.board_id, safe=""), "act": policy.act}
    return save(request, queries.PolicyForm(request.POST.dict() | fixed, instance=policy))


@by_administrator
@require_POST
def run(request: HttpRequest) -> HttpResponse:
    RETENTION.get().request(True)
    return redirect("retention")


def save(request: HttpRequest, form: queries.PolicyForm) -> HttpResponse:
    if not form.is_valid():
        return show(request, form)
    queries.keep(form, *who(request))
    return redirect("retention")


def show(request: HttpRequest, form: queries.PolicyForm | None = None) -> HttpResponse:
    page_state = PageState.of_board("retention", request.GET)
    return page_view.render(request, "retention/index.html", page_state, "Retention", **queries.context(form))


def who(request: HttpRequest) -> tuple[str, str]:
    return request.user.get_username(), address_of(request)
