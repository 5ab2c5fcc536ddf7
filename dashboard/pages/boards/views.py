"""Boards: the list, and one board with its columns."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from dashboard.live.page_state import PageState, replace_nul
from dashboard.pages import page_view
from dashboard.queries import current_state
from dashboard.visibility import Scope, visibility_of

MANY = 10  # boards from which on a search field is shown


@require_safe
def boards(request: HttpRequest) -> HttpResponse:
    """Show all boards; a board chosen in the switcher has its own page."""
    if chosen := request.GET.get("board"):
        return redirect("board", board_id=chosen)
    page_state = PageState("boards", q=(given := PageState.from_query("boards", request.GET)).q, p=given.p)
    many = current_state.number_of_boards(Scope(visibility_of(request.user)), most=MANY) == MANY
    return page_view.render(request, "boards/index.html", page_state, "Boards", is_searched=many or bool(page_state.q))


@require_safe
def board(request: HttpRequest, board_id: str) -> HttpResponse:
    found = current_state.board(Scope(visibility_of(request.user), replace_nul(board_id)))
    if found is None:
        raise Http404(f"Board {board_id} does not exist. It may have been removed.")
    given = PageState.from_query("board", request.GET)
    page_state = PageState("board", board=board_id, done=given.done, column=given.column, p=given.p)
    return page_view.render(request, "boards/board.html", page_state, found.name)
