"""The events that a caller asks for and may see, over HTTP or a WebSocket. A mistake names its parameter."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from http import HTTPStatus

from marcus_events.access.visibility import Visibility
from marcus_events.core.filters import EventFilter, InvalidFilter
from marcus_events.core.problem import Problem
from marcus_events.models import Board

OTHER_BOARD = "You do not have access to this board."
MAX_POSITION = 2**63 - 2  # the one after it is a bigint still


def parse_query(stated: str) -> EventFilter:
    """Parse the parameter `q`. Raises Problem."""
    try:
        return EventFilter.parse(stated)
    except InvalidFilter as error:
        raise invalid_parameter("q", f"cannot be read: {error}") from error


def restrict_to_boards(wanted: EventFilter, named: str, visibility: Visibility) -> EventFilter:
    """Restrict a filter to visible events, and to the board of this id or name if one is named. Raises Problem."""
    chosen = find_board_ids(named, visibility)
    if visibility.boards is None:
        return visibility.narrow(wanted.with_term("board", *(chosen or ())))
    # Where not every board is seen, the id alone counts: any event may claim to be of a board of that name.
    return replace(Visibility(frozenset(chosen or ()), visibility.audit).narrow(wanted), seen=visibility.boards)


def find_board_ids(named: str, visibility: Visibility, moment: int | datetime | None = None) -> list[str] | None:
    """Return the ids of the boards with this id, or with this name at a moment; None means every board.

    A restricted caller gets only visible boards. Raises Problem alike for hidden and for unknown boards.
    """
    found = [named, *Board.objects.as_of(moment).filter(name=named).values_list("board_id", flat=True)] if named else []
    if visibility.boards is None:
        return found or None
    own = sorted(visibility.boards.intersection(found) if named else visibility.boards)
    if named and not own:
        raise Problem(HTTPStatus.FORBIDDEN, OTHER_BOARD)
    return own


def invalid_parameter(name: str, reason: str) -> Problem:
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{name} {reason}.", parameter=name)
