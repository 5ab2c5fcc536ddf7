"""A page that cannot be read in time is answered with a page that says so.

The parts of a page have a time of their own, see `dashboard.live.regions`: one that takes longer is left out.
Everything else that a page reads is bounded here, statement by statement. What changes something is not broken off.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from inspect import iscoroutinefunction
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin

from marcus_events.log.statement_timeout import QueryTimeout, statement_timeout

LONGEST_S = 8.0  # a statement of a page, beside its parts
OF_PROGRAMS = (
    "api",
    "healthz",
    "readyz",
    "metrics",
)  # how the addresses of programs begin: they have answers of their own
RETRY_AFTER_S = "30"

logger = logging.getLogger(__name__)


class SlowReads(MiddlewareMixin):
    """The last one: the view runs within it, in the view's own thread, whose database connection is told the time."""

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if not is_page(request) or iscoroutinefunction(view):
            return None
        try:
            with statement_timeout(LONGEST_S):
                return rendered(view(request, *args, **kwargs))
        except QueryTimeout:
            logger.warning("%s took too long to read", request.path)
            response = render(request, "503.html", status=HTTPStatus.SERVICE_UNAVAILABLE)
            response["Retry-After"], response["Cache-Control"] = RETRY_AFTER_S, "no-store"
            return response


def is_page(request: HttpRequest) -> bool:
    found = request.resolver_match
    return request.method in ("GET", "HEAD") and found is not None and not found.route.startswith(OF_PROGRAMS)


def rendered(response: Any) -> HttpResponse:
    """Now, where the admin would do it later."""
    found: HttpResponse = response.render() if hasattr(response, "render") else response
    return found
