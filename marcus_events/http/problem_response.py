"""Render errors as problem+json (RFC 9457)."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Annotated, NotRequired, TypedDict

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpResponse

from marcus_events.core.json_schema import Keywords
from marcus_events.core.problem import Problem
from marcus_events.http.plain_http import PlainResponse, django_response

# A problem is also answered where Django's middleware does not get to: by `server/`, and in front of Django.
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


class ProblemDetails(TypedDict):
    """What went wrong and how to fix it (RFC 9457)."""

    title: str
    status: Annotated[int, Keywords(minimum=400, maximum=599)]
    detail: str
    limit: NotRequired[Annotated[str, Keywords("The name of the limit the request exceeds.")]]
    parameter: NotRequired[Annotated[str, Keywords("The invalid parameter.")]]


def plain_problem(problem: Problem) -> PlainResponse:
    status = problem.status
    details: ProblemDetails = {"title": status.phrase, "status": status.value, "detail": problem.detail}
    headers = []
    if problem.retry_after_s is not None:
        headers.append(("Retry-After", str(problem.retry_after_s)))
    if status == HTTPStatus.UNAUTHORIZED:
        headers.append(("WWW-Authenticate", 'Bearer realm="Marcus Events"'))
    body = json.dumps({**details, **problem.more}, cls=DjangoJSONEncoder).encode()
    return PlainResponse(status.value, "application/problem+json", body, tuple(headers))


def problem_response(problem: Problem) -> HttpResponse:
    response = django_response(plain_problem(problem))
    for name, value in SECURITY_HEADERS.items():
        response[name] = value
    return response
