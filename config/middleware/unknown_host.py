"""Reject requests under a host name that is not in MARCUS_ALLOWED_HOSTS, and name it in the answer.

The client chooses the name, so it is escaped and truncated. Each name is logged once an hour. Beyond the first
MAX_NAMES of an hour, names are not logged, and the Integrations page counts them together.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from http import HTTPStatus

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.shortcuts import render

from dashboard.pages import errors
from marcus_events import audit
from marcus_events.access.authentication import Caller
from marcus_events.core.problem import Problem
from marcus_events.http import rejected_requests
from marcus_events.http.problem_response import problem_response

logger = logging.getLogger(__name__)

PROGRAMS = ("/api", "/mcp", "/metrics")  # what begins with these is answered with problem+json
MAX_NAME = 100  # characters; a host name has at most 253, and nobody reads those
MAX_NAMES = 100  # an hour: a forged name costs its sender nothing
REMEMBERED_S = 60 * 60
REFUSED = (
    "The host name {name} is not allowed. To allow it, add it to the setting: "
    "MARCUS_ALLOWED_HOSTS=localhost,127.0.0.1,{name}"
)
NO_NAME = "The Host header is not a valid host name: {name}. MARCUS_ALLOWED_HOSTS lists the allowed names."
OTHERS = "Requests arrived for many host names that are not in MARCUS_ALLOWED_HOSTS."


class RefusedNames:
    """The names that were rejected in the present hour."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since = clock()
        self._names: set[str] = set()

    def add(self, name: str) -> tuple[bool, bool]:
        """Return whether the name is one of the first MAX_NAMES, and whether it is new among them."""
        if self._clock() - self._since > REMEMBERED_S:
            self._since, self._names = self._clock(), set()
        is_new = name not in self._names and len(self._names) < MAX_NAMES
        if is_new:
            self._names.add(name)
        return name in self._names, is_new


_names = RefusedNames()


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler for status 400."""
    if not isinstance(exception, DisallowedHost):
        return errors.bad_request(request, exception)
    problem = refuse(
        request._get_raw_host(),  # type: ignore[attr-defined] # Django's own, which its stubs leave out
        audit.address_of(request),
        request.method or "",
        request.path,
    )
    if request.path.startswith(PROGRAMS):
        return problem_response(problem)
    return render(request, "refused.html", {"problem": problem}, status=problem.status)


def refuse(host: str, address: str, method: str, path: str) -> Problem:
    """Log and record a rejection. Only the first part of the path is recorded: a page, the API or a WebSocket."""
    domain, _ = split_domain_port(host)
    name = sanitise_name(domain or host)
    detail = (REFUSED if domain else NO_NAME).format(name=name or "nothing")
    is_among_first, is_new = _names.add(name)
    if is_new:
        logger.warning("%s (requested by %s; logged once an hour)", detail, address)
    door = f"/{path.split('/')[1]}/" if path.startswith((*PROGRAMS, "/ws")) else "/"
    reason = detail if is_among_first else OTHERS
    rejected_requests.record_rejection(HTTPStatus.BAD_REQUEST, reason, Caller(address), method, door)
    return Problem(HTTPStatus.BAD_REQUEST, detail)


def sanitise_name(name: str) -> str:
    readable = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)
    return readable if len(readable) <= MAX_NAME else readable[: MAX_NAME - 1] + "…"
