"""Error pages: inside the frame of the pages for who is signed in, plain for everybody else and where that fails.

They say no more than the status and the requested address: of a hidden board what is said of one that does not exist.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import Resolver404
from django.views.decorators.csrf import requires_csrf_token

from marcus_events.log.statement_timeout import statement_timeout

MAX_ADDRESS = 300  # characters
STATEMENT_TIMEOUT_S = 1.0  # for what the frame reads: the session and the permissions
TOO_LARGE = "The request is larger than 1 MiB or cannot be read. Go back and send less at once."
DENIED = "Your account does not have access to this page. Ask an administrator for access."
NO_PAGE = "There is no page at this address."
FAILED = "The server could not complete this request. The server log has the details. Try again in a moment."
SLOW = (
    "The database did not respond in time. Try again in a moment, or narrow the request to one board, a shorter time "
    "range or fewer words."
)


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, HTTPStatus.BAD_REQUEST, "Request rejected", TOO_LARGE)


@requires_csrf_token
def denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, HTTPStatus.FORBIDDEN, "Access denied", DENIED)


@requires_csrf_token
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say what is not there, in the words of the view, if the address has one."""
    words = NO_PAGE if isinstance(exception, Resolver404) or not str(exception) else str(exception)
    return error_page(request, HTTPStatus.NOT_FOUND, "Page not found", words)


@requires_csrf_token
def failed(request: HttpRequest) -> HttpResponse:
    return error_page(request, HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong", FAILED)


def too_slow(request: HttpRequest) -> HttpResponse:
    return error_page(request, HTTPStatus.SERVICE_UNAVAILABLE, "This page is taking too long to load", SLOW)


def error_page(request: HttpRequest, status: HTTPStatus, title: str, words: str) -> HttpResponse:
    """Render without the frame if that fails: it needs the session, which may be what cannot be read."""
    address = request.get_full_path()
    may_retry = request.method in ("GET", "HEAD") and status >= HTTPStatus.INTERNAL_SERVER_ERROR
    context: dict[str, Any] = {"title": title, "words": words, "status": status}
    context["retry"] = address if may_retry else ""
    context["address"] = address if len(address) <= MAX_ADDRESS else address[: MAX_ADDRESS - 1] + "…"
    try:
        with statement_timeout(STATEMENT_TIMEOUT_S):
            is_signed_in = hasattr(request, "user") and request.user.is_authenticated
            html = render_to_string("error.html", context | {"is_signed_in": is_signed_in}, request)
    except Exception:
        html = render_to_string("error.html", context)
    return HttpResponse(html, status=status)
