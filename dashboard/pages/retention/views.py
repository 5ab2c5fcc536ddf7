"""Retention: how long events are stored, what would be removed now, and the runs. For administrators."""

from __future__ import annotations

from http import HTTPStatus
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
from dashboard.pages.typed_name import is_typed, not_typed
from marcus_events.audit import address_of
from marcus_events.models import RetentionPolicy
from marcus_events.retention.runs import RETENTION


@by_administrator
@require_http_methods(["GET", "HEAD", "POST"])
def retention(request: HttpRequest) -> HttpResponse:
    """Show the page; POST adds a policy."""
    if request.method != "POST":
        return show(request)
    form = PolicyForm(request.POST)
    if form.is_valid() and not is_confirmed(request, form.instance):
        form.add_error("confirm", not_typed(form.instance.pattern))
    return save(request, form)


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
        return switch(request, policy)
    was_days = policy.keep_days
    fixed = {"pattern": policy.pattern, "board_id": quote_id(policy.board_id), "act": policy.act}
    form = PolicyForm(request.POST.dict() | fixed, instance=policy)
    if form.is_valid() and policy.keep_days < was_days and policy.enabled and not is_confirmed(request, policy):
        return show(request, unconfirmed=policy)
    return save(request, form)


def switch(request: HttpRequest, policy: RetentionPolicy) -> HttpResponse:
    if not policy.enabled and not is_confirmed(request, policy):
        return show(request, unconfirmed=policy)
    policy.enabled = not policy.enabled
    queries.keep(policy, *who(request), act="enabled" if policy.enabled else "disabled")
    return redirect("retention")


def is_confirmed(request: HttpRequest, policy: RetentionPolicy) -> bool:
    """Whether the policy removes nothing, or its event type was typed."""
    return policy.act != RetentionPolicy.Act.REMOVE or is_typed(request, policy.pattern)


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


def show(
    request: HttpRequest, form: PolicyForm | None = None, *, unconfirmed: RetentionPolicy | None = None
) -> HttpResponse:
    page_state = PageState.of_board("retention", request.GET)
    context: dict[str, Any] = {
        "retention": queries.retention(),
        "form": form or PolicyForm(),
        "acts": RetentionPolicy.Act.choices,
        "unconfirmed": unconfirmed,
    }
    response = page_view.render(request, "retention/index.html", page_state, "Retention", **context)
    response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY if unconfirmed else HTTPStatus.OK
    return response


def who(request: HttpRequest) -> tuple[str, str]:
    return request.user.get_username(), address_of(request)
