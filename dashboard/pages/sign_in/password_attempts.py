"""Turns sign-ins by password away that are too many, before anything is read or hashed for them.

1. An address may try RATES["sign_in"] times, whatever names.
2. While the line for password hashing is full, nobody is let into it.

Such an answer is the same for everybody and costs next to nothing, so that who floods this door does not slow down
publishing. It waits for a moment first: a program that tries again at once is slowed down too.
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
from marcus_events.access.authentication import network
from marcus_events.core.problem import Problem
from marcus_events.http.either_mode import EitherMode, end_turn

BUSY_FOR_S = 5  # by then, the line has moved on
WAIT_S = (0.5, 1.5)  # between these, so that those who came together do not come back together


class PasswordAttemptLimit(EitherMode):
    def __call__(self, request: HttpRequest) -> Any:
        if self.is_async:
            return self.awaited(request)
        return refusal(request) or self.get_response(request)

    async def awaited(self, request: HttpRequest) -> HttpResponseBase:
        if refused := refusal(request):
            end_turn(request)
            await asyncio.sleep(random.uniform(*WAIT_S))  # noqa: S311 - guards nothing
            return refused
        answer: HttpResponseBase = await self.get_response(request)
        return answer

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Wherever a password was to be hashed."""
        return busy() if isinstance(exception, password_hashers.LineIsFull) else None


def refusal(request: HttpRequest) -> HttpResponse | None:
    if request.method != "POST" or request.path_info != settings.LOGIN_URL:
        return None
    try:
        rate_limits.check("sign_in", network(audit.address_of(request)), "")
    except Problem as problem:
        return answer(HTTPStatus.TOO_MANY_REQUESTS, problem.retry_after_s or BUSY_FOR_S)
    return busy() if password_hashers.line.is_full else None


def busy() -> HttpResponse:
    return answer(HTTPStatus.SERVICE_UNAVAILABLE, BUSY_FOR_S)


def answer(status: HTTPStatus, retry_after_s: int) -> HttpResponse:
    return HttpResponse(page(status), status=status, headers={"Retry-After": str(retry_after_s)})


@cache
def page(status: HTTPStatus) -> str:
    return render_to_string("signin/busy.html", {"is_own_doing": status == HTTPStatus.TOO_MANY_REQUESTS})
