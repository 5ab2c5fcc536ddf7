"""Signing in: by name and password, or by the one-time link that the command line prints."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from dashboard import signin
from dashboard.throttle import pause_until
from marcus_events.core.event import utc_now


@method_decorator(login_not_required, name="dispatch")
class SignIn(LoginView):
    template_name = "signin/form.html"
    redirect_authenticated_user = True


@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def one_time_link(request: HttpRequest, uidb64: str, token: str) -> HttpResponse:
    """Opening the link signs in. A program that only looks at it (HEAD: chat previews) does not use it up."""
    user = signin.user_of(uidb64, token)
    if user is None:
        return render(request, "signin/void.html", status=410)
    if request.method != "HEAD":
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return redirect("now")


def locked_out(request: HttpRequest, *_: Any) -> HttpResponse:
    """In the place of any answer to a sign-in that is refused for a time, whoever was named in it."""
    until = pause_until(request)
    left = max(until - utc_now(), timedelta(seconds=1))
    response = render(request, "signin/pause.html", {"until": until}, status=HTTPStatus.TOO_MANY_REQUESTS)
    response["Retry-After"] = str(round(left.total_seconds()))
    return response
