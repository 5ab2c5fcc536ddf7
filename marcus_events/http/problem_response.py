"""Errors as problem+json (RFC 9457), the same for every endpoint."""

from __future__ import annotations

from http import HTTPStatus

from django.http import JsonResponse

from marcus_events.core.problem import Problem

# A problem is also answered where Django's middleware does not get to: by `server/`, and in front of Django.
GUARDS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


def problem_response(problem: Problem) -> JsonResponse:
    body = {"title": problem.status.phrase, "status": problem.status.value, "detail": problem.detail, **problem.more}
    response = JsonResponse(body, status=problem.status.value, content_type="application/problem+json")
    for name, value in GUARDS.items():
        response[name] = value
    if problem.retry_after_s is not None:
        response["Retry-After"] = str(problem.retry_after_s)
    if problem.status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = 'Bearer realm="Marcus Events"'
    return response
