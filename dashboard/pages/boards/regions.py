"""The regions of Boards, and of one board."""

from __future__ import annotations

from typing import Any

from dashboard.live.page_state import PageState
from dashboard.live.regions import Page, RegionGroup
from dashboard.pages.boards import queries as boards
from dashboard.queries import current_state, dependency_graph


def gather_boards(page_state: PageState) -> dict[str, Any]:
    return {"summaries": boards.listed(page_state.scope.everywhere(), page_state.q, page_state.p)}


def gather_board(page_state: PageState) -> dict[str, Any]:
    found = boards.summaries(page_state.scope, [board] if (board := current_state.board(page_state.scope)) else [])
    columns = boards.columns(page_state.scope, page_state.column, page_state.p)
    return {"summary": found[0] if found else None, "columns": columns}


def gather_dependencies(page_state: PageState) -> dict[str, Any]:
    return {"drawn": dependency_graph.dependencies(page_state.scope, show_done=page_state.done != "0")}


BOARDS = Page(RegionGroup({"boards": "boards/_boards.html"}, gather_boards), of_boards=True)
BOARD = Page(
    RegionGroup(
        {
            "board-head": "boards/_head.html",
            "jump": "boards/_jump.html",
            **{f"column-{status}": f"boards/_column_{status}.html" for status in boards.COLUMNS},
        },
        gather_board,
    ),
    RegionGroup(
        {
            "dependencies": "boards/_dependencies.html",
            "picture": "boards/_picture.html",
            "waits": "boards/_waits.html",
        },
        gather_dependencies,
    ),
)
