"""Answers a page that cannot be read in time with an explanation.

Regions have their own timeout, see `dashboard.live.regions`: slow ones are left out. This middleware sets a statement
timeout for all other reads of a page. Requests that change something have none.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from dashboard.pages.errors import too_slow
from marcus_events.log.statement_timeout import QueryTimeout, statement_timeout

STATEMENT_TIMEOUT_S = 8.0  # per statement outside of regions
OF_PROGRAMS = (
    "api",
    "healthz",
    "readyz",
    "metrics",
)  # paths of the programmatic interfaces, which report timeouts themselves
RETRY_AFTER_S = "30"

logger = logging.getLogger(__name__)


class SlowReads(MiddlewareMixin):
    """Must be the last middleware, so that it runs in the view's thread and sets the timeout of its database
    connection.
    """

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if not is_page(request) or iscoroutinefunction(view):
            return None
        try:
            with statement_timeout(STATEMENT_TIMEOUT_S):
                return render_now(view(request, *args, **kwargs))
        except QueryTimeout:
            logger.warning("%s took too long to read", request.path)
            response = too_slow(request)
            response["Retry-After"], response["Cache-Control"] = RETRY_AFTER_S, "no-store"
            return response


def is_page(request: HttpRequest) -> bool:
    found = request.resolver_match
    return request.method in ("GET", "HEAD") and found is not None and not found.route.startswith(OF_PROGRAMS)


def render_now(response: Any) -> HttpResponse:
    """Render a template response, as the admin returns it, inside the timeout."""
    found: HttpResponse = response.render() if hasattr(response, "render") else response
    return found
