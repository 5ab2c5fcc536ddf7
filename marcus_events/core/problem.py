"""The exception that refuses a request. `http.problem_response` renders it as problem+json."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any


class Problem(Exception):
    """Ends a request with this status; `detail` tells the caller what to do about it.

    `reason` is what is noted of it for others (see `http.rejected_requests`): alike for what is alike, and without
    values that the caller sent. It is the detail, where that is so already.
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
