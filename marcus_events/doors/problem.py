"""Errors as problem+json (RFC 9457), the same for every endpoint."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import JsonResponse

# A problem is also answered where Django's middleware does not get to: at the gate, and in front of Django.
GUARDS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


class Problem(Exception):
    """Ends a request with this status; `detail` tells the caller what to do about it.

    `reason` is what is noted of it for others (see `refusals`): alike for what is alike, and without values that the
    caller sent. It is the detail, where that is so already.
    """

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        retry_after_s: int | None = None,
        limit: str | None = None,
        reason: str | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.reason = reason or detail
        self.retry_after_s = retry_after_s
        self.more = more | ({"limit": limit} if limit else {})

    def response(self) -> JsonResponse:
        body = {"title": self.status.phrase, "status": self.status.value, "detail": self.detail, **self.more}
        response = JsonResponse(body, status=self.status.value, content_type="application/problem+json")
        for name, value in GUARDS.items():
            response[name] = value
        if self.retry_after_s is not None:
            response["Retry-After"] = str(self.retry_after_s)
        if self.status == HTTPStatus.UNAUTHORIZED:
            response["WWW-Authenticate"] = 'Bearer realm="Marcus Events"'
        return response
