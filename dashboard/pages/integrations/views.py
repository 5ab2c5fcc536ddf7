"""Integrations: tokens, sample programs, dry run and rejected requests. See also `folder_views` and `webhook_views`.

1. Only administrators create, see and revoke tokens; every signed-in user sees the rest.
2. A new secret is only in the response to the request that created it: not in a URL, cookie or log, and never cached.
   Repeating the request creates no second token, since names are unique.
3. A dry run stores nothing.
"""

from __future__ import annotations

import logging
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.shortcuts import render as render_template
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_safe

from dashboard.live.page_state import PageState
from dashboard.pages import page_view
from dashboard.pages.activity import views
from dashboard.pages.administrator_view import AdministratorView, by_administrator, may_manage
from dashboard.pages.integrations import dry_run_report, folder_list, snippets
from dashboard.pages.integrations import token_list as listed
from dashboard.pages.integrations.forms import FolderForm, NewToken, TokenForm, WebhookForm
from dashboard.pages.integrations.webhook_notice import DONE, NewWebhookSecret, ProbeResult, WebhookNotice
from dashboard.pages.typed_name import is_typed
from dashboard.queries.people import administrators
from dashboard.visibility import visibility_of
from marcus_events import audit
from marcus_events.access import tokens
from marcus_events.core.event_types import EventTypes
from marcus_events.models import Token

logger = logging.getLogger(__name__)


@require_safe
def integrations(request: HttpRequest) -> HttpResponse:
    return show(request)


def by_form(view: AdministratorView) -> AdministratorView:
    """Accept POST only; redirect GET, as after signing in again, to the page."""

    @wraps(view)
    def answer(request: HttpRequest, **place: Any) -> HttpResponse:
        return view(request, **place) if request.method == "POST" else redirect("integrations")

    return answer


@by_form
@by_administrator
@sensitive_variables()
def make(request: HttpRequest) -> HttpResponse:
    form = TokenForm(request.POST)
    if form.is_finding:
        return show(request, form=form.unchecked())
    made = form.make(request.user.pk)
    if made is None:
        return show(request, form=form)
    by, scopes = request.user.get_username(), form.cleaned_data["scopes"]
    audit.token_created(by, audit.address_of(request), made.name, scopes, made.boards, made.sources)
    logger.info("%s created the token %r", by, made.name)
    return show(request, made=made)


@by_form
@by_administrator
def revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    token = listed.find(token_id)
    if token is None:
        raise Http404("There is no such token.")
    if token.is_in_use and not token.revoked_at and not is_typed(request, token.name):
        return show(request, unconfirmed=token)
    if tokens.revoke(token.name):
        by = request.user.get_username()
        audit.record(EventTypes.TOKEN_REVOKED, by, audit.address_of(request), token=token.name)
        logger.info("%s revoked the token %r", by, token.name)
    return redirect(f"{reverse('integrations')}?revoked={token.pk}#tokens")


@by_form
def check(request: HttpRequest) -> HttpResponse:
    """Return the dry run of a pasted event: a fragment for an open page, or the whole page."""
    found = dry_run_report.report(request.POST.get("event", ""), visibility_of(request.user))
    if request.htmx:  # type: ignore[attr-defined]
        return render_template(request, "integrations/_checked.html", {"report": found})
    return show(request, report=found)


@sensitive_variables()
def show(
    request: HttpRequest,
    *,
    form: TokenForm | None = None,
    made: NewToken | None = None,
    report: dry_run_report.Report | None = None,
    folder_form: FolderForm | None = None,
    webhook_form: WebhookForm | None = None,
    webhook_notice: WebhookNotice | None = None,
    unconfirmed: Token | None = None,
) -> HttpResponse:
    page_state = PageState.of_list("integrations", request.GET)
    site = request.build_absolute_uri("/").rstrip("/")
    context: dict[str, Any] = {
        "made": made,
        "unconfirmed": unconfirmed,
        "report": report,
        "site": site,
        "snippets": snippets.fill_snippets(site, made),
    }
    if may_manage(request):
        context |= token_context(request, page_state, form) | folder_context(request, folder_form)
        context |= webhook_context(request, webhook_form, webhook_notice)
    else:
        context["administrators"] = administrators()
    response = page_view.render(request, "integrations/index.html", page_state, "Integrations", **context)
    response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY if unconfirmed else HTTPStatus.OK
    return response


def token_context(request: HttpRequest, page_state: PageState, form: TokenForm | None) -> dict[str, Any]:
    found = listed.tokens(page_state.p)
    just = listed.find(views.position(request, "revoked") or 0)
    revoked = just.name if just and just.revoked_at else ""
    return {"tokens": found, "form": form or TokenForm(), "revoked_name": revoked}


def folder_context(request: HttpRequest, form: FolderForm | None) -> dict[str, Any]:
    just = folder_list.find(views.position(request, "followed") or 0)
    path = just.path if just else ""
    return {"folder_form": form or FolderForm(), "followed_path": path, "has_stopped": "stopped" in request.GET}


@sensitive_variables()
def webhook_context(request: HttpRequest, form: WebhookForm | None, notice: WebhookNotice | None) -> dict[str, Any]:
    return {
        "webhook_form": form or WebhookForm(),
        "webhook_secret": notice if isinstance(notice, NewWebhookSecret) else None,
        "webhook_test": notice if isinstance(notice, ProbeResult) else None,
        "webhook_done": DONE.get(request.GET.get("webhook", ""), ""),
    }
