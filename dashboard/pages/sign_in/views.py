"""Signing in by password or one-time link, and the CSRF failure page."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from dashboard.pages.sign_in import one_time_links
from dashboard.pages.sign_in.login_throttle import pause_until
from marcus_events.core.event import utc_now

BACKEND = "django.contrib.auth.backends.ModelBackend"


@method_decorator(login_not_required, name="dispatch")
class SignIn(LoginView):
    template_name = "sign_in/form.html"
    redirect_authenticated_user = True


@login_not_required
@sensitive_variables("secret")
@require_http_methods(["GET", "HEAD", "POST"])
def one_time_link(request: HttpRequest, secret: str) -> HttpResponse:
    """Show a page with a form that redeems the link. Signs nobody in by GET: programs open links too.

    The URL is the secret, so requests from the page send only the origin as referrer.
    """
    if request.method == "POST":
        response = sign_in_with_link(request, secret)
    elif user := one_time_links.user_of(secret):
        response = render(request, "sign_in/link.html", {"person": user})
    else:
        response = void(request)
    response["Referrer-Policy"] = "strict-origin"  # with "no-referrer", browsers send no origin with the form either
    return response


@transaction.atomic
@sensitive_variables("secret")
def sign_in_with_link(request: HttpRequest, secret: str) -> HttpResponse:
    """Sign in; ends the session of whoever was signed in before."""
    user = one_time_links.redeem(secret)
    if user is None:
        return void(request)
    login(request, user, backend=BACKEND)
    return redirect("now")


def void(request: HttpRequest) -> HttpResponse:
    return render(request, "sign_in/void.html", status=HTTPStatus.GONE)


def locked_out(request: HttpRequest, *_: Any) -> HttpResponse:
    """Respond to a locked sign-in, whether or not the user exists."""
    until = pause_until(request)
    left = max(until - utc_now(), timedelta(seconds=1))
    response = render(request, "sign_in/pause.html", {"until": until}, status=HTTPStatus.TOO_MANY_REQUESTS)
    response["Retry-After"] = str(round(left.total_seconds()))
    return response


@login_not_required
def out_of_date(request: HttpRequest, reason: str = "") -> HttpResponse:
    """`CSRF_FAILURE_VIEW`: the form had no valid token. Nothing was done."""
    return render(request, "sign_in/out_of_date.html", status=HTTPStatus.FORBIDDEN)
