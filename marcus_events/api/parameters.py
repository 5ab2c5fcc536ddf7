"""What may stand in the query of a request, read and checked once for every endpoint. A mistake names its parameter."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from django.http import HttpRequest

from marcus_events.core.event import utc_now
from marcus_events.core.filters import EventFilter, InvalidFilter, moment
from marcus_events.doors.problem import Problem
from marcus_events.models import Board, Token

FILTER_PARAMETERS = ("type", "category", "source", "task", "agent")
MAX_POSITION = 2**63 - 2  # the one after it is a bigint still


def filter_from(request: HttpRequest, token: Token | None) -> EventFilter:
    """The filter of `q` and of the single parameters; all of them must hold. Raises Problem."""
    wanted = query(request)
    for name in FILTER_PARAMETERS:
        wanted = wanted.with_term(name, *values(request, name))
    if boards := boards_from(request, token):
        # A token of boards goes by the id alone: any event may claim to be of a board of that name.
        wanted = wanted.with_term("board_id" if token and token.boards else "board", *boards)
    since, until = time(request, "since"), time(request, "until")
    return EventFilter(wanted.terms, since or wanted.since, until or wanted.until)


def query(request: HttpRequest) -> EventFilter:
    try:
        return EventFilter.parse(text(request, "q"))
    except InvalidFilter as error:
        raise mistake("q", f"cannot be read: {error}") from error


def boards_from(request: HttpRequest, token: Token | None, moment: int | datetime | None = None) -> list[str]:
    """The ids of the boards that are asked for, by id or by the name they had at a moment; none given means all.

    Of a token that is bound to boards, those that it is for. Raises Problem.
    """
    named = text(request, "board")
    found = [named, *Board.objects.as_of(moment).filter(name=named).values_list("board_id", flat=True)] if named else []
    if not (token and token.boards):
        return found
    own = [board_id for board_id in token.boards if board_id in found or not found]
    if not own:
        raise Problem(HTTPStatus.FORBIDDEN, "This token reads another board.")
    return own


def as_of(request: HttpRequest) -> int | datetime | None:
    """A position, a time, or a span before now; None for the present."""
    return position(request, "as_of") if text(request, "as_of").isdecimal() else time(request, "as_of")


def time(request: HttpRequest, name: str) -> datetime | None:
    """A time, or a span before now."""
    if not (stated := text(request, name)):
        return None
    try:
        return moment(stated, utc_now())
    except InvalidFilter as error:
        hint = "; in a URL, write a time with Z, or + as %2B" if " " in stated else ""
        raise mistake(name, f"cannot be read: {error}{hint}") from error


def position(request: HttpRequest, name: str) -> int | None:
    return integer(request, name, 0, 0, MAX_POSITION) if text(request, name) else None


def integer(request: HttpRequest, name: str, default: int, lowest: int, highest: int) -> int:
    stated = text(request, name)
    if not stated:
        return default
    if not (stated.isascii() and stated.isdecimal() and len(stated) < 20 and lowest <= int(stated) <= highest):
        raise mistake(name, f"must be a whole number from {lowest} to {highest}")
    return int(stated)


def choice(request: HttpRequest, name: str, default: str, *choices: str) -> str:
    stated = text(request, name) or default
    if stated not in choices:
        raise mistake(name, f"must be one of {', '.join(choices)}")
    return stated


def values(request: HttpRequest, name: str) -> list[str]:
    """The values of a parameter that may be given more than once, or with commas."""
    return [value for stated in request.GET.getlist(name) for value in clean(name, stated).split(",")]


def text(request: HttpRequest, name: str) -> str:
    return clean(name, request.GET.get(name, ""))


def clean(name: str, stated: str) -> str:
    if "\0" in stated:
        raise mistake(name, "contains the character NUL")
    return stated


def mistake(name: str, reason: str) -> Problem:
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{name} {reason}.", parameter=name)
