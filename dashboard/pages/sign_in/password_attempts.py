"""Rejects excess password sign-ins before anything is read or hashed.

1. An address has RATES["sign_in"] attempts, for any names.
2. While the hashing queue is full, every attempt is rejected.

The response is the same for everybody and cheap, so that a flood of attempts does not slow down publishing. It is
delayed, which slows down programs that retry at once.
"""

from __future__ import annotations

import asyncio
import random
from functools import cache
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string

from dashboard.pages.sign_in import password_hashers
from marcus_events import audit
from marcus_events.access import rate_limits
from marcus_events.access.authentication import network_of
from marcus_events.core.problem import Problem
from marcus_events.http.either_mode import EitherMode, end_turn

PASSWORD_PATH = "/account/password/"  # noqa: S105 - where people change their own
BUSY_FOR_S = 5  # by then the queue has advanced
WAIT_S = (0.5, 1.5)  # a random delay between these, so that simultaneous clients do not return together


class PasswordAttemptLimit(EitherMode):
    """Middleware for the forms that check a password."""

    def __call__(self, request: HttpRequest) -> Any:
        if self.is_async:
            return self.call_async(request)
        return refusal(request) or self.get_response(request)

    async def call_async(self, request: HttpRequest) -> HttpResponseBase:
        if refused := refusal(request):
            end_turn(request)
            await asyncio.sleep(random.uniform(*WAIT_S))  # noqa: S311 - guards nothing
            return refused
        answer: HttpResponseBase = await self.get_response(request)
        return answer

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Handle a full queue wherever a password is hashed."""
        return busy() if isinstance(exception, password_hashers.HashingQueueFull) else None


def refusal(request: HttpRequest) -> HttpResponse | None:
    if request.method != "POST" or request.path_info not in (settings.LOGIN_URL, PASSWORD_PATH):
        return None
    try:
        rate_limits.check("sign_in", network_of(audit.address_of(request)), "")
    except Problem as problem:
        return build_response(HTTPStatus.TOO_MANY_REQUESTS, problem.retry_after_s or BUSY_FOR_S)
    return busy() if password_hashers.queue.is_full else None


def busy() -> HttpResponse:
    return build_response(HTTPStatus.SERVICE_UNAVAILABLE, BUSY_FOR_S)


def build_response(status: HTTPStatus, retry_after_s: int) -> HttpResponse:
    return HttpResponse(page(status), status=status, headers={"Retry-After": str(retry_after_s)})


@cache
def page(status: HTTPStatus) -> str:
    return render_to_string("sign_in/busy.html", {"is_own_doing": status == HTTPStatus.TOO_MANY_REQUESTS})
