"""What may stand in the query of a request, read and checked once for every endpoint."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from django.http import HttpRequest

from marcus_events.api.problem import Problem
from marcus_events.core.event import utc_now
from marcus_events.core.filters import EventFilter, moment
from marcus_events.models import Board, Token

FILTER_PARAMETERS = ("type", "category", "source", "task", "agent")
MAX_POSITION = 2**63 - 1  # bigint


def filter_from(request: HttpRequest, token: Token | None) -> EventFilter:
    """The filter of `q` and of the single parameters; all of them must hold. Raises InvalidFilter or Problem."""
    wanted = EventFilter.parse(text(request, "q"))
    for name in FILTER_PARAMETERS:
        wanted = wanted.with_term(name, *text(request, name).split(","))
    if board_id := board_from(request, token):
        wanted = wanted.with_term("board", board_id)
    now = utc_now()
    since, until = text(request, "since"), text(request, "until")
    return EventFilter(
        wanted.terms,
        moment(since, now) if since else wanted.since,
        moment(until, now) if until else wanted.until,
    )


def board_from(request: HttpRequest, token: Token | None) -> str:
    """The id of the board that is asked for, by id or by name; a token's own board if it is bound to one."""
    named = text(request, "board")
    board = Board.objects.now().filter(name=named).order_by("board_id").first() if named else None
    board_id = board.board_id if board else named
    if token and token.board_id:
        if board_id not in ("", token.board_id):
            raise Problem(HTTPStatus.FORBIDDEN, "This token reads another board.")
        return token.board_id
    return board_id


def as_of(request: HttpRequest) -> int | datetime | None:
    """A position, a time, or a span before now; None for the present."""
    stated = text(request, "as_of")
    if not stated:
        return None
    return integer(request, "as_of", 0, 0, MAX_POSITION) if stated.isdecimal() else moment(stated, utc_now())


def position(request: HttpRequest, name: str) -> int | None:
    return integer(request, name, 0, 0, MAX_POSITION) if text(request, name) else None


def integer(request: HttpRequest, name: str, default: int, lowest: int, highest: int) -> int:
    stated = text(request, name)
    if not stated:
        return default
    if not (stated.isascii() and stated.isdecimal() and len(stated) < 20 and lowest <= int(stated) <= highest):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{name} must be a whole number from {lowest} to {highest}.")
    return int(stated)


def choice(request: HttpRequest, name: str, default: str, *choices: str) -> str:
    stated = text(request, name) or default
    if stated not in choices:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{name} must be one of {', '.join(choices)}.")
    return stated


def text(request: HttpRequest, name: str) -> str:
    stated = request.GET.get(name, "")
    if "\0" in stated:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{name} contains the character NUL.")
    return stated
