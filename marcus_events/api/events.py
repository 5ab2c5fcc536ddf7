"""GET /api/events: the log through a filter, in pages that stay valid while events arrive."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest

from marcus_events.api import parameters
from marcus_events.api.endpoint import endpoint
from marcus_events.api.parameters import MAX_POSITION, choice, filter_from, integer, text
from marcus_events.api.problem import Problem
from marcus_events.log import read
from marcus_events.models import Token

DEFAULT_LIMIT = 100
MAX_LIMIT = 1_000


@endpoint(scope="read")
def events(request: HttpRequest, token: Token | None) -> dict[str, Any]:
    """Newest first, or oldest first when a reader goes on `after` a position.

    `next` is the position to go on from: as `before` when newest first, as `after` when oldest first.
    """
    order = choice(request, "order", "asc" if text(request, "after") else "desc", "asc", "desc")
    limit = integer(request, "limit", DEFAULT_LIMIT, 1, MAX_LIMIT)
    head = read.head().position
    found = read.events(
        filter_from(request, token),
        after=parameters.position(request, "after"),
        before=parameters.position(request, "before"),
        limit=limit + 1,
        newest_first=order == "desc",
    )
    page = found[:limit]
    return {
        "events": [recorded.to_dict() for recorded in page],
        "next": page[-1].position if len(found) > limit else None,
        "head": head,
    }


@endpoint(scope="read")
def one_event(request: HttpRequest, token: Token | None, position: int) -> dict[str, Any]:
    found = read.event(min(position, MAX_POSITION))
    if found is None or (token and token.board_id and found.board_id != token.board_id):
        raise Problem(HTTPStatus.NOT_FOUND, "There is no event at this position.")
    return found.to_dict()
