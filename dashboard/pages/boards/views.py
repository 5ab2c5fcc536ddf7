"""Boards: all of them, and one with its columns."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from dashboard.live.page_state import PageState, storable
from dashboard.pages import page_view
from dashboard.queries import current_state
from dashboard.visibility import Scope, visibility_of

MANY = 10  # boards, among which nobody finds one by looking


@require_safe
def boards(request: HttpRequest) -> HttpResponse:
    """All boards; a board that is chosen in the switcher is a page of its own."""
    if chosen := request.GET.get("board"):
        return redirect("board", board_id=chosen)
    page_state = PageState("boards", q=(given := PageState.at("boards", request.GET)).q, p=given.p)
    many = current_state.number_of_boards(Scope(visibility_of(request.user)), most=MANY) == MANY
    return page_view.render(request, "boards/index.html", page_state, "Boards", is_searched=many or bool(page_state.q))


@require_safe
def board(request: HttpRequest, board_id: str) -> HttpResponse:
    found = current_state.board(Scope(visibility_of(request.user), storable(board_id)))
    if found is None:
        raise Http404(f"Board {board_id} does not exist. It may have been removed.")
    page_state = PageState("board", board=board_id, done=PageState.at("board", request.GET).done)
    return page_view.render(request, "boards/board.html", page_state, found.name)
