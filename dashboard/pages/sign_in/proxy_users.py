"""Single sign-on: people whom a proxy in front has signed in. Off until MARCUS_REMOTE_USER_HEADER names its header.

The threat is anybody who reaches this process beside the proxy, or a proxy that lets a client's own header through:
either could be anyone. `config.middleware.proxy_headers` has read the header, and only from a trusted proxy. Here:

1. The header holds for its own request. With it, the request is that user's, whatever session the client shows. Without
   it, a session that a proxy began is nobody's.
2. A new user is made a viewer without boards. Where the name differs from another's only in capitals, none is made:
   the two would be taken for each other.
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
from marcus_events.access.sessions import is_begun_by_proxy
from marcus_events.access.trusted_proxies import UNREADABLE
from marcus_events.audit.actor import acting
from marcus_events.core.problem import Problem
from marcus_events.http import rejected_requests
from marcus_events.http.either_mode import EitherMode
from marcus_events.http.problem_response import problem_response
from marcus_events.log.rows import execute

API = "/api/"
MAKING_USERS = 0x73736F  # the advisory lock: two first requests may come at once
LOCKED_OUT = "User {} is not allowed to sign in. Ask an administrator for access."
ALIKE = (
    "A user whose name differs from {} only in capitalization already exists. "
    "The proxy must send the name as it is stored here, or an administrator must rename that user."
)


class ProxyUserMiddleware(EitherMode):
    def __call__(self, request: HttpRequest) -> Any:
        if self.is_async:
            return self.awaited(request)
        return answer_or_identify(request) or self.get_response(request)

    async def awaited(self, request: HttpRequest) -> Any:
        answer = await sync_to_async(answer_or_identify)(request) if concerns(request) else None
        return answer or await self.get_response(request)


def concerns(request: HttpRequest) -> bool:
    """Whether anybody is named, or has a session."""
    scope = scope_of(request)
    return bool(scope.get("remote_user") or scope.get("refusal") or settings.SESSION_COOKIE_NAME in request.COOKIES)


def scope_of(request: HttpRequest) -> dict[str, Any]:
    scope: dict[str, Any] = getattr(request, "scope", {})  # only ASGI has one
    return scope


def answer_or_identify(request: HttpRequest) -> HttpResponse | None:
    """The answer to a request that is refused; None for any other, which is its user's from here on."""
    try:
        identify(request)
    except Problem as problem:
        become(request, AnonymousUser())
        return refused(request, problem)
    return None


def identify(request: HttpRequest) -> None:
    """Raises Problem where the proxy names a user who may not come in."""
    scope = scope_of(request)
    if problem := scope.get("refusal"):
        raise problem
    name = scope.get("remote_user", "")
    if not name:
        if is_begun_by_proxy(request.session):
            become(request, AnonymousUser())
    elif request.user.get_username() != name:
        user = ProxyUserBackend().authenticate(request, name)
        if not caller_of(request).prefix:  # a program keeps no cookies: there would be a session for each request
            login(request, user, backend=f"{ProxyUserBackend.__module__}.{ProxyUserBackend.__name__}")
        become(request, user)


def become(request: HttpRequest, user: AbstractBaseUser | AnonymousUser) -> None:
    async def auser() -> AbstractBaseUser | AnonymousUser:
        return user

    request.user = user  # type: ignore[assignment] # whichever kind of user there is
    request.auser = auser  # type: ignore[assignment]


def refused(request: HttpRequest, problem: Problem) -> HttpResponse:
    rejected_requests.note_problem(problem, caller_of(request), request.method or "", request.path)
    if request.path.startswith(API):
        return problem_response(problem)
    return render(request, "refused.html", {"problem": problem}, status=problem.status)


def caller_of(request: HttpRequest) -> Caller:
    return Caller.of(audit.address_of(request), request.META.get("HTTP_AUTHORIZATION", ""))


class ProxyUserBackend(RemoteUserBackend):
    """Finds the user of exactly this name, or makes one. Sessions name this class."""

    def authenticate(self, request: HttpRequest | None, remote_user: str | None) -> User:  # type: ignore[override]
        """Raises Problem."""
        name = remote_user or ""
        check_name(name)
        user = User.objects.filter(username=name).first() or made(name, request)
        if not self.user_can_authenticate(user):
            raise Problem(HTTPStatus.FORBIDDEN, LOCKED_OUT.format(name))
        return user


def check_name(name: str) -> None:
    """Raises Problem for a name that no user can have."""
    try:
        User._meta.get_field("username").clean(name, None)
    except ValidationError:
        raise Problem(HTTPStatus.FORBIDDEN, UNREADABLE.format(settings.REMOTE_USER_HEADER)) from None


def made(name: str, request: HttpRequest | None) -> User:
    """A new user, who sees no board until somebody gives them one. Raises Problem where there is one alike."""
    address = audit.address_of(request) if request else ""
    with acting(name, address), transaction.atomic():
        execute("SELECT pg_advisory_xact_lock(%s)", [MAKING_USERS])
        if user := User.objects.filter(username=name).first():
            return user
        if User.objects.filter(username__iexact=name).exists():
            raise Problem(HTTPStatus.FORBIDDEN, ALIKE.format(name))
        return User.objects.create_user(name)
