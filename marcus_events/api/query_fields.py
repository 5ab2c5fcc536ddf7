"""The query parameters of the API, each declared once: the endpoints read them, and the OpenAPI document lists them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest

from marcus_events.access.visibility import Visibility
from marcus_events.api.parameter_kinds import (
    MOMENT,
    POSITION,
    ListParameter,
    Parameter,
    choice,
    moment,
    number,
    position,
    text,
    time,
    without_nul,
)
from marcus_events.core.event_types import CATEGORIES
from marcus_events.core.filters import EventFilter
from marcus_events.core.problem import Problem
from marcus_events.http import query_params

FILTER_PARAMETERS = (
    ListParameter("type", "Event type; `*` matches any text.", "task_*"),
    ListParameter("category", f"One of {', '.join(CATEGORIES)}.", "task"),
    ListParameter("source", "Source; `*` matches any text.", "agent_*"),
    ListParameter("task", "Task id.", "cart"),
    ListParameter("agent", "Agent id, with or without its prefix `agent_`.", "claude"),
)
BOARD = Parameter("board", "Board id or name. A token limited to boards reads only those.", "Storefront", text)
SINCE = Parameter("since", f"Events from this time on: {MOMENT}.", "2h", time)
UNTIL = Parameter("until", f"Events before this time: {MOMENT}.", "2026-05-04T09:00:00Z", time)
Q = Parameter(
    "q",
    "A query that combines these, such as `type:task_* -type:task_progress agent:claude since:2h`. A minus "
    "excludes. A word without a field matches the beginning of a word in any text of the event; words in quotation "
    "marks match as a phrase.",
    "type:task_* -type:task_progress",
    text,
)
AFTER = Parameter("after", "Positions greater than this.", 3, position, POSITION)
BEFORE = Parameter("before", "Positions smaller than this.", 100, position, POSITION)
ORDER = choice(
    "order", "`desc` for newest first, `asc` for oldest first (the default with `after`).", "asc", ("asc", "desc")
)
LIMIT = number("limit", "Maximum number of results.", 20, 1, 1_000, default=100)
ROWS = number("limit", "Maximum number of results.", 100, 1, 1_000, default=1_000)  # of the present and the past
CURSOR = Parameter(
    "cursor",
    "The `next` of the previous page. With the same `as_of`, all pages describe the same time.",
    "WyJzaG9wIiwgImFnZW50XzEiXQ",
    text,
)
# At most a minute: proxies in between give up on what takes longer.
TIMEOUT = number("timeout", "Maximum number of seconds to wait.", 20, 0, 60, default=30)
AFTER_EVENT = Parameter("after_event", "The id of the event to start after, instead of `after`.", "cart-created", text)
AS_OF = Parameter("as_of", f"The state at a past point: a position, {MOMENT}. Defaults to now.", "2h", moment)
EXTERNAL = Parameter("external", "Only results with this external id.", "TICKET-456", text)
SYNC = Parameter("sync", "Only results with this sync status.", "pending", text)
STATE = choice("state", "Which blockers to return.", "all", ("open", "resolved", "all"), default="open")

OF_EVENTS = (*FILTER_PARAMETERS, BOARD, SINCE, UNTIL, Q)
OF_STATE = (BOARD, AS_OF)
PAGED = (ROWS, CURSOR)
EVERY = (*OF_EVENTS, AFTER, BEFORE, ORDER, LIMIT, ROWS, CURSOR, TIMEOUT, AFTER_EVENT, AS_OF, EXTERNAL, SYNC, STATE)


def check_known(request: HttpRequest, known: Sequence[Parameter[Any]]) -> None:
    """Raises Problem for the first parameter that is none."""
    names = [parameter.name for parameter in known]
    for name in request.GET:
        if name not in names:
            takes = f"it takes {', '.join(names)}" if names else "it takes none"
            detail = f"{without_nul('a name', name)} is not a parameter of this endpoint; {takes}."
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            raise Problem(status, detail, reason=f"An unknown parameter; {takes}.", parameter=name)


def filter_from(request: HttpRequest, visibility: Visibility) -> EventFilter:
    """The filter of `q` and of the single parameters; all of them must hold. Raises Problem."""
    wanted = query_params.parse_query(Q.of(request))
    for parameter in FILTER_PARAMETERS:
        wanted = wanted.with_term(parameter.name, *parameter.values(request))
    wanted = query_params.restrict_to_boards(wanted, BOARD.of(request), visibility)
    since, until = SINCE.of(request), UNTIL.of(request)
    return replace(wanted, since=since or wanted.since, until=until or wanted.until)


def boards_from(request: HttpRequest, visibility: Visibility, moment: int | datetime | None = None) -> list[str] | None:
    """The ids of the boards that are asked for: see `query_params.boards`. Raises Problem."""
    return query_params.find_board_ids(BOARD.of(request), visibility, moment)
