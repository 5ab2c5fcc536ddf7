"""What every endpoint has in common: who asks, what may be asked, and how errors are answered.

A program shows a token; a person who is signed in may read with the session, so that a link to the API opens in a
browser. Writing takes a token alone: a browser never sends one by itself, which is why no CSRF token is needed here.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterator
from contextlib import contextmanager
from functools import wraps
from http import HTTPStatus
from typing import Any, TypeVar

import psycopg
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import TooManyFieldsSent
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from marcus_events.access import authentication
from marcus_events.access.tokens import TokenScope
from marcus_events.access.visibility import Visibility, visibility_of, visibility_of_token
from marcus_events.api.query_fields import check_known
from marcus_events.core.problem import Problem
from marcus_events.http import rejected_requests
from marcus_events.http.problem_response import problem_response
from marcus_events.log.writer import LogUnavailable
from marcus_events.models import Token

logger = logging.getLogger(__name__)

RETRY_AFTER_S = 2
EndpointResult = dict[str, Any] | HttpResponse
Result = TypeVar("Result")
EndpointView = Callable[..., EndpointResult]  # of the request, what its scope gives, and what the path names


def endpoint(
    scope: TokenScope | None, takes: Collection[str] | None = None
) -> Callable[[EndpointView], Callable[..., HttpResponse]]:
    """Make a view of a function that answers with a dict, or raises Problem.

    Who reads is known to it by their sight. Without a scope anybody may ask, though no more often than elsewhere, and
    it is given nothing. `takes` are the parameters that it knows: one that is misspelt would otherwise choose nothing,
    and nobody would notice.
    """

    def decorate(view: EndpointView) -> Callable[..., HttpResponse]:
        @wraps(view)
        def answer(request: HttpRequest, **place: Any) -> HttpResponse:
            try:
                return respond(view, request, scope, takes, **place)
            except Problem as problem:
                return refused(request, problem)

        return answer

    return decorate


def respond(
    view: EndpointView, request: HttpRequest, scope: TokenScope | None, takes: Collection[str] | None, **place: Any
) -> HttpResponse:
    def work() -> EndpointResult:
        token = permitted(request, scope)
        if takes is not None:
            check_known(request, takes)
        return view(request, visibility_in(request, token) if scope else None, **place)

    try:
        result = answering(request.method or "", request.path, work)
    finally:
        connection.close()  # back into the pool: Django would keep it until the client has taken the whole answer
    return result if isinstance(result, HttpResponse) else JsonResponse(result)


def refused(request: HttpRequest, problem: Problem) -> HttpResponse:
    """The answer of a problem, which is noted for who wonders where events stay."""
    rejected_requests.note_problem(problem, caller_of(request), request.method or "", request.path)
    return problem_response(problem)


def answering(method: str, path: str, work: Callable[..., Result], *values: Any) -> Result:
    """What the work returns; a Problem where the database is away, or where nobody would read all that is asked."""
    with problems_told(method, path):
        return work(*values)


@contextmanager
def problems_told(method: str, path: str) -> Iterator[None]:
    """Raises Problem where the database is away, or where nobody would read all that is asked."""
    try:
        yield
    except TooManyFieldsSent as error:
        raise Problem(HTTPStatus.BAD_REQUEST, "The URL has too many parameters.", limit="parameters") from error
    except (LogUnavailable, DatabaseError, InterfaceError, psycopg.Error) as error:
        logger.error("%s %s: %s", method, path, error)
        detail = "The log is temporarily unavailable. Send the same request again."
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, retry_after_s=RETRY_AFTER_S) from error


def permitted(request: HttpRequest, scope: TokenScope | None) -> Token | None:
    """The token that allows this, or None for a signed-in person who reads. Raises Problem."""
    caller = caller_of(request)
    authentication.check_address(caller)
    if scope is None:
        return None
    if not caller.secret and scope == "read" and request.user.is_authenticated:
        return None
    return authentication.permitted(caller, scope)


def visibility_in(request: HttpRequest, token: Token | None) -> Visibility:
    return visibility_of_token(token) if token else visibility_of(request.user)


def caller_of(request: HttpRequest) -> authentication.Caller:
    return authentication.Caller.of(request.META.get("REMOTE_ADDR", ""), request.headers.get("Authorization", ""))


def by_method(**views: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """One URL, several methods. HEAD is GET whose body the server leaves out."""
    if "GET" in views:
        views["HEAD"] = views["GET"]

    @csrf_exempt
    @login_not_required
    def choose(request: HttpRequest, **place: Any) -> HttpResponse:
        if view := views.get(request.method or ""):
            return view(request, **place)
        response = other_method(request, f"Use {', '.join(views)}.")
        response["Allow"] = ", ".join([*views, "OPTIONS"])
        return response

    return choose


def waiting(view: Callable[[HttpRequest], Awaitable[HttpResponse]]) -> Callable[..., Coroutine[Any, Any, HttpResponse]]:
    """One URL to wait at, by GET."""

    @csrf_exempt
    @login_not_required
    async def choose(request: HttpRequest) -> HttpResponse:
        if request.method in ("GET", "HEAD"):
            return await view(request)
        response = other_method(request, "Use GET, HEAD.")
        response["Allow"] = "GET, HEAD, OPTIONS"
        return response

    return choose


def other_method(request: HttpRequest, instead: str) -> HttpResponse:
    if request.method == "OPTIONS":
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    return problem_response(Problem(HTTPStatus.METHOD_NOT_ALLOWED, instead))


@csrf_exempt
@login_not_required
def nothing_here(request: HttpRequest) -> HttpResponse:
    """For every other address below the API's: a program is not sent a page."""
    return problem_response(Problem(HTTPStatus.NOT_FOUND, f"{request.path} does not exist."))
