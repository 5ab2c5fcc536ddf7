"""What every endpoint has in common: who asks, what may be asked, and how errors are answered.

A program shows a token; a person who is signed in may read with the session, so that a link to the API opens in a
browser. Writing takes a token alone: a browser never sends one by itself, which is why no CSRF token is needed here.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
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
from marcus_events.api.parameter_kinds import Parameter
from marcus_events.api.query_fields import check_known
from marcus_events.core.problem import Problem
from marcus_events.http import rejected_requests
from marcus_events.http.problem_response import problem_response
from marcus_events.log.writer import LogUnavailable
from marcus_events.models import Token

logger = logging.getLogger(__name__)

RETRY_AFTER_S = 2
EndpointResult = Mapping[str, Any] | HttpResponse
Result = TypeVar("Result")
EndpointView = Callable[..., EndpointResult]  # of the request, what its scope gives, and what the path names


def endpoint(
    scope: TokenScope | None, takes: Sequence[Parameter[Any]] | None = None
) -> Callable[[EndpointView], Callable[..., HttpResponse]]:
    """Makes a view of a function that returns a dict or a response, or raises Problem.

    The function is given the caller's visibility. Without a scope anybody may call it, within the rate limits, and it
    is given None. `takes` are its query parameters; every other one is refused, since a misspelt filter would select
    everything unnoticed.
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
    view: EndpointView,
    request: HttpRequest,
    scope: TokenScope | None,
    takes: Sequence[Parameter[Any]] | None,
    **place: Any,
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
    """The response to a problem. It is also recorded under rejected requests."""
    rejected_requests.record_problem(problem, caller_of(request), request.method or "", request.path)
    return problem_response(problem)


def answering(method: str, path: str, work: Callable[..., Result], *values: Any) -> Result:
    """Returns what the work returns. Raises Problem if the database is unavailable or there are too many parameters."""
    with errors_as_problems(method, path):
        return work(*values)


@contextmanager
def errors_as_problems(method: str, path: str) -> Iterator[None]:
    """Raises Problem if the database is unavailable, or if the request has too many parameters."""
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
    authentication.check_address_rate(caller)
    if scope is None:
        return None
    if not caller.secret and scope == "read" and request.user.is_authenticated:
        return None
    return authentication.authenticate(caller, scope)


def visibility_in(request: HttpRequest, token: Token | None) -> Visibility:
    return visibility_of_token(token) if token else visibility_of(request.user)


def caller_of(request: HttpRequest) -> authentication.Caller:
    return authentication.Caller.of(request.META.get("REMOTE_ADDR", ""), request.headers.get("Authorization", ""))


def by_method(**views: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Dispatches one URL by method. HEAD is a GET whose body the server leaves out."""
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
    """Makes an asynchronous view that answers GET and HEAD alone."""

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
    """Answers every other address below /api/ with problem+json instead of an HTML page."""
    return problem_response(Problem(HTTPStatus.NOT_FOUND, f"{request.path} does not exist."))
