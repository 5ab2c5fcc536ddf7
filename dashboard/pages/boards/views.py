"""Boards: the list, and one board with its tabs."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from dashboard.live.page_state import PageState, replace_nul
from dashboard.pages import page_view
from dashboard.pages.boards import columns, knowledge
from dashboard.pages.boards.regions import filter_of
from dashboard.pages.boards.tabs import TABS, page_of, tab_links
from dashboard.queries import current_state, filter_choices
from dashboard.visibility import Scope, visibility_of

MANY = 10  # boards from which on a search field is shown
# What each tab of a board takes from its URL, besides the board and the tab.
PARAMETERS = {
    "board": ("q", "agent", "label", "status", "group", "column", "p"),
    "board-dependencies": ("done",),
    "board-timeline": ("agent", "span", "until", "p"),
    "board-knowledge": ("q", "category", "group", "older"),
}
TEMPLATES = {page: f"boards/{page.removeprefix('board-')}.html" for page in PARAMETERS}


@require_safe
def boards(request: HttpRequest) -> HttpResponse:
    """Show all boards; a board chosen in the switcher has its own page."""
    if chosen := request.GET.get("board"):
        return redirect("board", board_id=chosen)
    given = {name: request.GET.get(name, "") for name in ("q", "p", "sort", "done")}
    page_state = PageState.from_query("boards", given)
    many = current_state.number_of_boards(Scope(visibility_of(request.user)), most=MANY) == MANY
    return page_view.render(request, "boards/index.html", page_state, "Boards", is_searched=many or bool(page_state.q))


@require_safe
def board(request: HttpRequest, board_id: str) -> HttpResponse:
    """Show a tab of a board, which the URL names."""
    scope = Scope(visibility_of(request.user), replace_nul(board_id))
    found = current_state.board(scope)
    if found is None:
        raise Http404(f"Board {board_id} does not exist. It may have been removed.")
    tab, page = page_of(request.GET.get("tab", ""))
    given = {name: request.GET.get(name, "") for name in PARAMETERS[page]} | {"board": scope.board, "tab": tab}
    page_state = PageState.from_query(page, given)
    context: dict[str, Any] = {"tabs": tab_links(scope.board), "tab": tab, "called": found.name}
    if page == "board-knowledge":
        context["subjects"] = [(name, title) for name, (title, *_) in knowledge.SUBJECTS.items()]
    if page == "board":
        context |= {
            "agents": filter_choices.agents(scope, page_state.agent),
            "labels": columns.labels(scope),
            "statuses": [(name, title) for name, (title, _) in columns.COLUMNS.items()],
            "groups": [(name, title) for name, (title, _) in columns.GROUPS.items()],
            "is_filtered": filter_of(page_state).is_any,
        }
    title = found.name if not tab else f"{found.name}: {TABS[tab].title}"
    return page_view.render(request, TEMPLATES[page], page_state, title, **context)
