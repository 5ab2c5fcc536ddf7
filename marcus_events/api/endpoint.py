"""What every endpoint has in common: who asks, what may be asked, and how errors are answered.

A program shows a token; a person who is signed in may read with the session, so that a link to the API opens in a
browser.
Writing takes a token alone: a browser never sends one by itself, which is why no CSRF token is needed here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from marcus_events import tokens
from marcus_events.api.problem import Problem
from marcus_events.core.filters import InvalidFilter
from marcus_events.log.writer import LogUnavailable
from marcus_events.models import Token

RETRY_AFTER_S = 2
Answer = dict[str, Any] | HttpResponse
View = Callable[..., Answer]  # of the request, the token, and what the path names


def endpoint(scope: str) -> Callable[[View], Callable[..., HttpResponse]]:
    """Make a view of a function that answers with a dict, or raises Problem. It is given the token, if any."""

    def decorate(view: View) -> Callable[..., HttpResponse]:
        @wraps(view)
        def answer(request: HttpRequest, **place: Any) -> HttpResponse:
            try:
                return respond(view, request, scope, **place)
            except Problem as problem:
                return problem.response()

        return answer

    return decorate


def respond(view: View, request: HttpRequest, scope: str, **place: Any) -> HttpResponse:
    try:
        result = view(request, permitted(request, scope), **place)
    except InvalidFilter as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error
    except RequestDataTooBig as error:
        raise Problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is larger than 1 MiB; send smaller batches."
        ) from error
    except (LogUnavailable, OperationalError) as error:
        detail = "The log cannot be reached at this time; send the same request again."
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, retry_after_s=RETRY_AFTER_S) from error
    return result if isinstance(result, HttpResponse) else JsonResponse(result)


def permitted(request: HttpRequest, scope: str) -> Token | None:
    """The token that allows this, or None for a signed-in person who reads. Raises Problem."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if not secret:
        if scope == "read" and request.user.is_authenticated:
            return None
        raise Problem(HTTPStatus.UNAUTHORIZED, "Send a token: Authorization: Bearer …")
    token = tokens.find(secret.strip()) if scheme.lower() == "bearer" else None
    if token is None:
        raise Problem(HTTPStatus.UNAUTHORIZED, "This token is not known.")
    if scope not in token.scopes:
        raise Problem(HTTPStatus.FORBIDDEN, f"This token may not {scope}.")
    return token


def by_method(**views: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """One URL, several methods."""

    @csrf_exempt
    @login_not_required
    def choose(request: HttpRequest, **place: Any) -> HttpResponse:
        if view := views.get(request.method or ""):
            return view(request, **place)
        response = Problem(HTTPStatus.METHOD_NOT_ALLOWED, f"Use {' or '.join(views)}.").response()
        response["Allow"] = ", ".join(views)
        return response

    return choose
