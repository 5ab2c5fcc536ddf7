"""Which events a caller asks for, and may see, through whichever door. A mistake names its parameter."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from marcus_events.core.filters import EventFilter, InvalidFilter
from marcus_events.doors.problem import Problem
from marcus_events.models import Board, Token

MAX_POSITION = 2**63 - 2  # the one after it is a bigint still


def query(stated: str) -> EventFilter:
    """Raises Problem."""
    try:
        return EventFilter.parse(stated)
    except InvalidFilter as error:
        raise mistake("q", f"cannot be read: {error}") from error


def on_boards(wanted: EventFilter, named: str, token: Token | None) -> EventFilter:
    """The filter, on the board of this id or name alone; on a token's boards alone. Raises Problem."""
    # A token of boards goes by the id alone: any event may claim to be of a board of that name.
    field = "board_id" if token and token.boards else "board"
    return wanted.with_term(field, *boards(named, token))


def boards(named: str, token: Token | None, moment: int | datetime | None = None) -> list[str]:
    """The ids of the boards that are asked for, by id or by the name they had at a moment; none given means all.

    Of a token that is bound to boards, those that it is for. Raises Problem.
    """
    found = [named, *Board.objects.as_of(moment).filter(name=named).values_list("board_id", flat=True)] if named else []
    if not (token and token.boards):
        return found
    own = [board_id for board_id in token.boards if board_id in found or not found]
    if not own:
        raise Problem(HTTPStatus.FORBIDDEN, "This token reads another board.")
    return own


def mistake(name: str, reason: str) -> Problem:
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{name} {reason}.", parameter=name)
