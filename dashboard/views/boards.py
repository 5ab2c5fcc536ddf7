"""Boards: all of them, and one with its columns."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from dashboard.look import Look
from dashboard.queries import present
from dashboard.sight import Scope, sight_of
from dashboard.views import page


@require_safe
def boards(request: HttpRequest) -> HttpResponse:
    """All boards; a board that is chosen in the switcher is a page of its own."""
    if chosen := request.GET.get("board"):
        return redirect("board", board_id=chosen)
    return page.render(request, "boards/index.html", Look("boards"), "Boards")


@require_safe
def board(request: HttpRequest, board_id: str) -> HttpResponse:
    names = {row.board_id: row.name for row in present.boards(Scope(sight_of(request.user)))}
    if board_id not in names:
        raise Http404(f"There is no board {board_id}. It may have been removed.")
    look = Look("board", board=board_id, done=Look.at("board", request.GET).done)
    return page.render(request, "boards/board.html", look, names[board_id])
