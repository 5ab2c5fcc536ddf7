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
    ListParameter("type", "By the type; `*` stands for any text.", "task_*"),
    ListParameter("category", f"One of {', '.join(CATEGORIES)}.", "task"),
    ListParameter("source", "By the source; `*` stands for any text.", "agent_*"),
    ListParameter("task", "By the task's id.", "cart"),
    ListParameter("agent", "By the agent's id, also without its prefix `agent_`.", "claude"),
)
BOARD = Parameter("board", "By id or by name. A token that is bound to boards reads no other.", "Storefront", text)
SINCE = Parameter("since", f"By the timestamp, from then on: {MOMENT}.", "2h", time)
UNTIL = Parameter("until", f"By the timestamp, before then: {MOMENT}.", "2026-05-04T09:00:00Z", time)
Q = Parameter(
    "q",
    "All of these in one, such as `type:task_* -type:task_progress agent:claude since:2h`. A minus excludes; a "
    "word without a field is the beginning of a word in any text of the event, and words in quotation marks stand "
    "in it side by side.",
    "type:task_* -type:task_progress",
    text,
)
AFTER = Parameter("after", "Positions greater than this.", 3, position, POSITION)
BEFORE = Parameter("before", "Positions smaller than this.", 100, position, POSITION)
ORDER = choice("order", "Newest first, or oldest first, which is the default with `after`.", "asc", ("asc", "desc"))
LIMIT = number("limit", "At most so many.", 20, 1, 1_000, default=100)
ROWS = number("limit", "At most so many.", 100, 1, 1_000, default=1_000)  # of the present and the past
CURSOR = Parameter(
    "cursor",
    "The `next` of the page before. With the same `as_of`, pages tell of the same moment.",
    "WyJzaG9wIiwgImFnZW50XzEiXQ",
    text,
)
# At most a minute: proxies in between give up on what takes longer.
TIMEOUT = number("timeout", "How many seconds to wait at most.", 20, 0, 60, default=30)
AFTER_EVENT = Parameter("after_event", "The id of the event to begin after, in place of `after`.", "cart-created", text)
AS_OF = Parameter("as_of", f"As it was then: a position, {MOMENT}. Without it, now.", "2h", moment)
EXTERNAL = Parameter("external", "Only those with this external id.", "TICKET-456", text)
SYNC = Parameter("sync", "Only those with this sync status.", "pending", text)
STATE = choice("state", "Which blockers.", "all", ("open", "resolved", "all"), default="open")

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
            detail = f"{without_nul('a name', name)} is no parameter of this address; {takes}."
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            raise Problem(status, detail, reason=f"An unknown parameter; {takes}.", parameter=name)


def filter_from(request: HttpRequest, visibility: Visibility) -> EventFilter:
    """The filter of `q` and of the single parameters; all of them must hold. Raises Problem."""
    wanted = query_params.query(Q.of(request))
    for parameter in FILTER_PARAMETERS:
        wanted = wanted.with_term(parameter.name, *parameter.values(request))
    wanted = query_params.on_boards(wanted, BOARD.of(request), visibility)
    since, until = SINCE.of(request), UNTIL.of(request)
    return replace(wanted, since=since or wanted.since, until=until or wanted.until)


def boards_from(request: HttpRequest, visibility: Visibility, moment: int | datetime | None = None) -> list[str] | None:
    """The ids of the boards that are asked for: see `query_params.boards`. Raises Problem."""
    return query_params.boards(BOARD.of(request), visibility, moment)
