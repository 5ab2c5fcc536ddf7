"""Retention: how long events are stored, what would be removed now, and the runs. For administrators."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from dashboard.live.page_state import PageState
from dashboard.pages import page_view
from dashboard.pages.administrator_view import by_administrator
from dashboard.pages.board_choice import quote_id
from dashboard.pages.retention import queries
from dashboard.pages.retention.forms import PolicyForm
from marcus_events.audit import address_of
from marcus_events.models import RetentionPolicy
from marcus_events.retention.runs import RETENTION


@by_administrator
@require_http_methods(["GET", "HEAD", "POST"])
def retention(request: HttpRequest) -> HttpResponse:
    """Show the page; POST adds a policy."""
    if request.method != "POST":
        return show(request)
    return save(request, PolicyForm(request.POST))


@by_administrator
@require_POST
def change(request: HttpRequest, policy_id: int) -> HttpResponse:
    """Change or delete a policy."""
    policy = queries.policy(policy_id)
    if policy is None:
        raise Http404("There is no such policy.")
    if request.POST.get("act") == "delete":
        queries.forget(policy, *who(request))
        return redirect("retention")
    if request.POST.get("act") == "switch":
        policy.enabled = not policy.enabled
        policy.save()
        return redirect("retention")
    fixed = {"pattern": policy.pattern, "board_id": quote_id(policy.board_id), "act": policy.act}
    return save(request, PolicyForm(request.POST.dict() | fixed, instance=policy))


@by_administrator
@require_POST
def run(request: HttpRequest) -> HttpResponse:
    RETENTION.get().request(True)
    return redirect("retention")


def save(request: HttpRequest, form: PolicyForm) -> HttpResponse:
    if not form.is_valid():
        return show(request, form)
    queries.keep(form.save(commit=False), *who(request))
    return redirect("retention")


def show(request: HttpRequest, form: PolicyForm | None = None) -> HttpResponse:
    page_state = PageState.of_board("retention", request.GET)
    context: dict[str, Any] = {
        "retention": queries.retention(),
        "form": form or PolicyForm(),
        "acts": RetentionPolicy.Act.choices,
    }
    return page_view.render(request, "retention/index.html", page_state, "Retention", **context)


def who(request: HttpRequest) -> tuple[str, str]:
    return request.user.get_username(), address_of(request)
