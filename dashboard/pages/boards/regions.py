"""The regions of Boards, and of each tab of a board."""

from __future__ import annotations

from typing import Any

from dashboard.live.page_state import PageState
from dashboard.live.regions import Page, RegionGroup
from dashboard.pages.agents import regions as agents
from dashboard.pages.boards import board_list, burn_up, columns, knowledge
from dashboard.pages.boards import queries as boards
from dashboard.queries import current_state, dependency_graph


def gather_boards(page_state: PageState) -> dict[str, Any]:
    wanted = (page_state.q, page_state.p, page_state.sort)
    found = board_list.listed(page_state.scope.everywhere(), *wanted, finished=page_state.done == "1")
    return {"summaries": found, "sorts": board_list.SORTS.items()}


def gather_board(page_state: PageState) -> dict[str, Any]:
    found = boards.summaries(page_state.scope, [board] if (board := current_state.board(page_state.scope)) else [])
    wanted = filter_of(page_state)
    return {
        "summary": found[0] if found else None,
        "columns": columns.columns(page_state.scope, page_state.column, page_state.p, wanted),
        "is_filtered": wanted.is_any,
    }


def filter_of(page_state: PageState) -> columns.CardFilter:
    return columns.CardFilter(page_state.q, page_state.agent, page_state.label, page_state.status, page_state.group)


def gather_dependencies(page_state: PageState) -> dict[str, Any]:
    return {"drawn": dependency_graph.dependencies(page_state.scope, show_done=page_state.done != "0")}


def gather_burn_up(page_state: PageState) -> dict[str, Any]:
    return {"burn_up": burn_up.burn_up(page_state.scope)}


def gather_knowledge(page_state: PageState) -> dict[str, Any]:
    wanted = (page_state.q, page_state.category, page_state.group, page_state.older)
    return {"knowledge": knowledge.knowledge(page_state.scope, *wanted)}


BOARDS = Page(RegionGroup({"boards": "boards/_boards.html"}, gather_boards), of_boards=True)
BOARD = Page(
    RegionGroup(
        {
            "board-head": "boards/_head.html",
            "jump": "boards/_jump.html",
            **{f"column-{status}": f"boards/_column_{status}.html" for status in columns.COLUMNS},
        },
        gather_board,
    ),
)
DEPENDENCIES = Page(
    RegionGroup(
        {
            "dependencies": "boards/_dependencies.html",
            "picture": "boards/_picture.html",
            "waits": "boards/_waits.html",
        },
        gather_dependencies,
    ),
)
TIMELINE = Page(
    RegionGroup({"burn-up": "boards/_burn_up.html"}, gather_burn_up),
    RegionGroup({"timeline": "agents/_timeline.html"}, agents.gather),
)
KNOWLEDGE = Page(RegionGroup({"knowledge": "boards/_knowledge.html"}, gather_knowledge))
