"""Render errors as problem+json (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, NotRequired, TypedDict

from django.http import JsonResponse

from marcus_events.core.json_schema import Keywords
from marcus_events.core.problem import Problem

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


def problem_response(problem: Problem) -> JsonResponse:
    status = problem.status
    details: ProblemDetails = {"title": status.phrase, "status": status.value, "detail": problem.detail}
    response = JsonResponse(
        {**details, **problem.more}, status=problem.status.value, content_type="application/problem+json"
    )
    for name, value in SECURITY_HEADERS.items():
        response[name] = value
    if problem.retry_after_s is not None:
        response["Retry-After"] = str(problem.retry_after_s)
    if problem.status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = 'Bearer realm="Marcus Events"'
    return response
