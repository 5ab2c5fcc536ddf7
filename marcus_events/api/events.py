"""GET /api/events: the log through a filter, in pages that stay valid while events arrive."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse

from marcus_events import search
from marcus_events.access.visibility import Visibility
from marcus_events.api import negotiation, query_fields
from marcus_events.api.endpoint import endpoint
from marcus_events.api.query_fields import choice, filter_from, integer, text
from marcus_events.core.filters import EventFilter
from marcus_events.core.problem import Problem
from marcus_events.http.query_params import MAX_POSITION
from marcus_events.log import read
from marcus_events.search.masking import masked

DEFAULT_LIMIT = 100
MAX_LIMIT = 1_000
TOO_MUCH = (
    "This search covers too much of the log. Narrow it by since and until, type, board, agent or task, or use longer "
    "words."
)
PAGE = (*query_fields.OF_EVENTS, "after", "before", "order", "limit")


@endpoint(scope="read", takes=PAGE)
def events(request: HttpRequest, visibility: Visibility) -> HttpResponse:
    """Newest first, or oldest first when a reader goes on `after` a position.

    `next` is the position to go on from: as `before` when newest first, as `after` when oldest first. A page ends at
    its limit or at `read.MOST_BYTES`, whichever is first, and has one event at least where there is one. What cannot be
    found in time is answered by 503: to ask again for the same is of no use.
    """
    order = choice(request, "order", "asc" if text(request, "after") else "desc", "asc", "desc")
    head = read.head().position
    found = searched(
        filter_from(request, visibility),
        after=query_fields.position(request, "after"),
        before=query_fields.position(request, "before"),
        limit=integer(request, "limit", DEFAULT_LIMIT, 1, MAX_LIMIT),
        newest_first=order == "desc",
    )
    following = {"before" if order == "desc" else "after": found.events[-1].position} if found.has_more else {}
    return negotiation.page(request, found.events, following, head)


def searched(wanted: EventFilter, **options: Any) -> read.EventPage:
    """Raises Problem."""
    try:
        return search.page(wanted, hide_removed=False, **options)
    except search.QueryTimeout:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, TOO_MUCH) from None


@endpoint(scope="read", takes=())
def one_event(request: HttpRequest, visibility: Visibility, position: int) -> HttpResponse:
    found = read.event(min(position, MAX_POSITION))
    if found is None or not visibility.shows(found):
        raise Problem(HTTPStatus.NOT_FOUND, "There is no event at this position.")
    return negotiation.one(request, *masked([found], visibility.boards))
