"""The exception that refuses a request. `http.problem_response` renders it as problem+json."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any


class Problem(Exception):
    """Ends a request with this status; `detail` tells the caller how to fix it.

    `reason` is stored for people (see `http.rejected_requests`). It groups equal rejections, so it must not contain
    values from the request. It defaults to `detail`.
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
