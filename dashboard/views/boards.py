"""Boards: all of them, and one with its columns."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from dashboard.look import Look, storable
from dashboard.queries import present
from dashboard.sight import Scope, sight_of
from dashboard.views import page

MANY = 10  # boards, among which nobody finds one by looking


@require_safe
def boards(request: HttpRequest) -> HttpResponse:
    """All boards; a board that is chosen in the switcher is a page of its own."""
    if chosen := request.GET.get("board"):
        return redirect("board", board_id=chosen)
    look = Look("boards", q=(given := Look.at("boards", request.GET)).q, p=given.p)
    many = present.number_of_boards(Scope(sight_of(request.user)), most=MANY) == MANY
    return page.render(request, "boards/index.html", look, "Boards", is_searched=many or bool(look.q))


@require_safe
def board(request: HttpRequest, board_id: str) -> HttpResponse:
    found = present.board(Scope(sight_of(request.user), storable(board_id)))
    if found is None:
        raise Http404(f"There is no board {board_id}. It may have been removed.")
    look = Look("board", board=board_id, done=Look.at("board", request.GET).done)
    return page.render(request, "boards/board.html", look, found.name)
