"""/account/: the account of the person who is signed in. Nothing here touches anybody else's.

1. A new password ends all other sessions, and needs the current one, if there is one.
2. Whoever is signed in by a proxy has no password here: the proxy decides who may sign in.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from dashboard.headline import count
from dashboard.live.page_state import PageState
from dashboard.pages import page_view
from dashboard.pages.account.forms import OwnPasswordForm, ProfileForm
from dashboard.pages.integrations.token_list import own_tokens
from dashboard.pages.sign_in import session_details
from dashboard.pages.typed_name import is_typed
from dashboard.queries import people
from marcus_events import audit
from marcus_events.access import tokens
from marcus_events.access.sessions import is_proxy_session
from marcus_events.core.event_types import EventTypes
from marcus_events.models import Token

DONE = {
    "profile": "Saved.",
    "password": "Password saved. Your other sessions have ended.",
    "sessions": "Signed out elsewhere.",
    "token": "Token revoked.",
}


@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return show(request)
    match request.POST.get("act"):
        case "profile":
            return save_profile(request)
        case "end-session":
            return end_sessions(request, request.POST.get("session", ""))
        case "end-others":
            return end_sessions(request)
        case "revoke":
            return revoke_own(request, request.POST.get("token", ""))
    raise Http404("Unknown action.")


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@sensitive_variables()
def password(request: HttpRequest) -> HttpResponse:
    """Set or change the password. Attempts are limited like sign-ins: see `PasswordAttemptLimit`."""
    if request.method != "POST":
        return redirect("account")
    if is_by_proxy(request):
        raise PermissionDenied
    form = OwnPasswordForm(request, request.POST)
    if not form.is_valid():
        return show(request, password_form=form)
    user = form.save()
    update_session_auth_hash(request, user)
    session_details.note_details(request)
    return done("password")


def save_profile(request: HttpRequest) -> HttpResponse:
    form = ProfileForm(request.POST, instance=people.by_id(owner(request).pk) or owner(request))
    if not form.is_valid():
        return show(request, profile=form)
    form.save()
    return done("profile")


def end_sessions(request: HttpRequest, chosen: str | None = None) -> HttpResponse:
    """End the chosen session, or all but the current one."""
    user, key = owner(request), request.session.session_key
    if chosen is None:
        ended = session_details.end_other_sessions(user, key)
    else:
        ended = int(session_details.end_session(user, chosen, key))
    if ended:
        words = f"{count(ended, 'other session')} of their own"
        audit.record(EventTypes.SESSIONS_ENDED, user.get_username(), audit.address_of(request), sessions=words)
    return done("sessions")


def revoke_own(request: HttpRequest, token_id: str) -> HttpResponse:
    user = owner(request)
    token = user.tokens.filter(pk=token_id, revoked_at=None).first() if token_id.isdecimal() else None
    if token is None:
        raise Http404("There is no such token.")
    if token.is_in_use and not is_typed(request, token.name):
        return show(request, unconfirmed=token)
    if tokens.revoke(token.name):
        audit.record(EventTypes.TOKEN_REVOKED, user.get_username(), audit.address_of(request), token=token.name)
    return done("token")


def done(what: str) -> HttpResponse:
    return redirect(f"{reverse('account')}?done={what}")


def owner(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - every page requires a sign-in
    return request.user


def is_by_proxy(request: HttpRequest) -> bool:
    return is_proxy_session(request.session) or bool(getattr(request, "scope", {}).get("remote_user"))


@sensitive_variables()
def show(
    request: HttpRequest,
    *,
    profile: ProfileForm | None = None,
    password_form: OwnPasswordForm | None = None,
    unconfirmed: Token | None = None,
) -> HttpResponse:
    user = owner(request)
    context: dict[str, Any] = {
        "profile": profile or ProfileForm(instance=user),
        "password_form": None if is_by_proxy(request) else password_form or OwnPasswordForm(request),
        "sessions": session_details.session_rows(user, request.session.session_key),
        "tokens": own_tokens(user),
        "unconfirmed": unconfirmed,
        "done": DONE.get(request.GET.get("done", ""), "") if request.method == "GET" else "",
    }
    page_state = PageState.of_board("account", request.GET)
    response = page_view.render(request, "account/index.html", page_state, "Your account", **context)
    is_refused = profile or password_form or unconfirmed
    response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY if is_refused else HTTPStatus.OK
    return response
