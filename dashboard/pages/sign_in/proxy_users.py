"""Single sign-on: trusts the user name from a proxy's header. Disabled until MARCUS_REMOTE_USER_HEADER names it.

The threat: anyone who reaches this process without the proxy, or a proxy that passes on a client's own header, could
impersonate anybody. `config.middleware.proxy_headers` reads the header from trusted proxies only. Here:

1. The header applies to its own request. With it, the request belongs to that user, whatever its session. Without it, a
   session that a proxy started belongs to nobody.
2. A new user is created as a viewer without boards. A name that differs from an existing one only in case is refused,
   since the two could be confused.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.backends import RemoteUserBackend
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from marcus_events import audit
from marcus_events.access.authentication import Caller
from marcus_events.access.sessions import is_proxy_session
from marcus_events.access.trusted_proxies import UNREADABLE
from marcus_events.audit.actor import acting_as
from marcus_events.core.problem import Problem
from marcus_events.http import rejected_requests
from marcus_events.http.either_mode import EitherMode
from marcus_events.http.problem_response import problem_response
from marcus_events.log.rows import execute

API = "/api/"
USER_CREATION_LOCK = 0x73736F  # advisory lock key: two first requests may come at once
LOCKED_OUT = "User {} is not allowed to sign in. Ask an administrator for access."
ALIKE = (
    "A user whose name differs from {} only in capitalization already exists. "
    "The proxy must send the name as it is stored here, or an administrator must rename that user."
)


class ProxyUserMiddleware(EitherMode):
    """Makes a request the named user's."""

    def __call__(self, request: HttpRequest) -> Any:
        if self.is_async:
            return self.call_async(request)
        return answer_or_identify(request) or self.get_response(request)

    async def call_async(self, request: HttpRequest) -> Any:
        answer = await sync_to_async(answer_or_identify)(request) if is_relevant(request) else None
        return answer or await self.get_response(request)


def is_relevant(request: HttpRequest) -> bool:
    """Return whether the request names a user or has a session."""
    scope = scope_of(request)
    return bool(scope.get("remote_user") or scope.get("refusal") or settings.SESSION_COOKIE_NAME in request.COOKIES)


def scope_of(request: HttpRequest) -> dict[str, Any]:
    scope: dict[str, Any] = getattr(request, "scope", {})  # only ASGI has one
    return scope


def answer_or_identify(request: HttpRequest) -> HttpResponse | None:
    """Return a response if the request is refused; otherwise set its user and return None."""
    try:
        identify(request)
    except Problem as problem:
        set_user(request, AnonymousUser())
        return refused(request, problem)
    return None


def identify(request: HttpRequest) -> None:
    """Set the request's user. Raises Problem if the named user may not sign in."""
    scope = scope_of(request)
    if problem := scope.get("refusal"):
        raise problem
    name = scope.get("remote_user", "")
    if not name:
        if is_proxy_session(request.session):
            set_user(request, AnonymousUser())
    elif request.user.get_username() != name:
        user = ProxyUserBackend().authenticate(request, name)
        if not caller_of(request).prefix:  # programs keep no cookies: each request would create a session
            login(request, user, backend=f"{ProxyUserBackend.__module__}.{ProxyUserBackend.__name__}")
        set_user(request, user)


def set_user(request: HttpRequest, user: AbstractBaseUser | AnonymousUser) -> None:
    async def auser() -> AbstractBaseUser | AnonymousUser:
        return user

    request.user = user  # type: ignore[assignment] # any user model
    request.auser = auser  # type: ignore[assignment]


def refused(request: HttpRequest, problem: Problem) -> HttpResponse:
    rejected_requests.record_problem(problem, caller_of(request), request.method or "", request.path)
    if request.path.startswith(API):
        return problem_response(problem)
    return render(request, "refused.html", {"problem": problem}, status=problem.status)


def caller_of(request: HttpRequest) -> Caller:
    return Caller.of(audit.address_of(request), request.META.get("HTTP_AUTHORIZATION", ""))


class ProxyUserBackend(RemoteUserBackend):
    """Finds the user with exactly this name, or creates one. Sessions store this class's name."""

    def authenticate(self, request: HttpRequest | None, remote_user: str | None) -> User:  # type: ignore[override]
        """Raises Problem."""
        name = remote_user or ""
        check_name(name)
        user = User.objects.filter(username=name).first() or create_user(name, request)
        if not self.user_can_authenticate(user):
            raise Problem(HTTPStatus.FORBIDDEN, LOCKED_OUT.format(name))
        return user


def check_name(name: str) -> None:
    """Raise Problem for a name that no user can have."""
    try:
        User._meta.get_field("username").clean(name, None)
    except ValidationError:
        raise Problem(HTTPStatus.FORBIDDEN, UNREADABLE.format(settings.REMOTE_USER_HEADER)) from None


def create_user(name: str, request: HttpRequest | None) -> User:
    """Create a user without boards. Raises Problem if a similar name exists."""
    address = audit.address_of(request) if request else ""
    with acting_as(name, address), transaction.atomic():
        execute("SELECT pg_advisory_xact_lock(%s)", [USER_CREATION_LOCK])
        if user := User.objects.filter(username=name).first():
            return user
        if User.objects.filter(username__iexact=name).exists():
            raise Problem(HTTPStatus.FORBIDDEN, ALIKE.format(name))
        return User.objects.create_user(name)
