"""What may be answered, beside what was asked for: problems, and the headers that go with answers."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from marcus_events.api.description.schemas import ref

PROBLEM_JSON = "application/problem+json"
SECONDS = {"type": "integer", "minimum": 1}
HEADERS: dict[str, Any] = {
    "RetryAfter": {"description": "Seconds to wait before sending the same request again.", "schema": SECONDS},
    "WWWAuthenticate": {"description": "The authentication scheme to use.", "schema": {"type": "string"}},
    "MarcusHead": {
        "description": "The newest position of the log, or the last position searched.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "Link": {"description": 'The next page, as `<address>; rel="next"`.', "schema": {"type": "string"}},
}


def header(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/headers/{name}"}


def problem(status: HTTPStatus, described: str, *, schema: str = "Problem", **more: Any) -> dict[str, Any]:
    """`more` are the example's further fields."""
    example = {"title": status.phrase, "status": status.value, "detail": described, **more}
    return {"description": described, "content": {PROBLEM_JSON: {"schema": ref(schema), "example": example}}}


S = HTTPStatus
ANSWERS: dict[str, Any] = {
    "BadRequest": problem(S.BAD_REQUEST, "The URL has too many parameters.", limit="parameters"),
    "Unauthorized": problem(S.UNAUTHORIZED, "The token is missing, unknown, revoked or expired.")
    | {"headers": {"WWW-Authenticate": header("WWWAuthenticate")}},
    "Forbidden": problem(S.FORBIDDEN, "The token has no permission for this, or not on this board."),
    "NotFound": problem(S.NOT_FOUND, "Nothing exists at this URL or position."),
    "BadParameter": problem(S.UNPROCESSABLE_ENTITY, "A parameter is invalid; `parameter` names it.", parameter="limit"),
    "TooManyRequests": problem(
        S.TOO_MANY_REQUESTS,
        "Too many requests with this token or from this address; or, for publishing, the tables are too far behind the "
        "log. `limit` names the limit.",
        limit="token_rate",
    )
    | {"headers": {"Retry-After": header("RetryAfter")}},
    "Unavailable": problem(
        S.SERVICE_UNAVAILABLE, "The database is unavailable. Send the same request again after `Retry-After` seconds."
    )
    | {"headers": {"Retry-After": header("RetryAfter")}},
}
STATUS_OF = {
    "BadRequest": S.BAD_REQUEST,
    "Unauthorized": S.UNAUTHORIZED,
    "Forbidden": S.FORBIDDEN,
    "NotFound": S.NOT_FOUND,
    "BadParameter": S.UNPROCESSABLE_ENTITY,
    "TooManyRequests": S.TOO_MANY_REQUESTS,
    "Unavailable": S.SERVICE_UNAVAILABLE,
}
OF_EVERY_READ = ("BadRequest", "Unauthorized", "Forbidden", "BadParameter", "TooManyRequests", "Unavailable")


def refer(*names: str) -> dict[str, Any]:
    """Problems that several operations have, by their status."""
    return {str(STATUS_OF[name].value): {"$ref": f"#/components/responses/{name}"} for name in names}
