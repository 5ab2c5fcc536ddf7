"""The list of boards: sorted, finished ones apart, the newest activity of each, agents that have fallen silent."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from dashboard.pages.boards import board_list
from marcus_events.core.event import Event
from tests.dashboard.publishing import completions, event, project, publish, resolution
from tests.dashboard.reading import open_page
from tests.dashboard.scopes import on

pytestmark = pytest.mark.usefixtures("log")


def text(viewer: Client, path: str) -> str:
    return " ".join(open_page(viewer, path).text.split())


def ids(**wanted: Any) -> list[str]:
    return [summary.board.board_id for summary in board_list.listed(on(), **wanted).items]


def finished(board: str) -> list[Event]:
    return [*project(board), resolution(board), *completions(board)]


def test_finished_boards_are_a_link_away(viewer: Client) -> None:
    publish(*project(), *finished("bank"))
    assert (ids(), ids(finished=True)) == (["shop"], ["bank"])
    page = open_page(viewer, "/boards/")
    assert "Finished 1" in " ".join(page.text.split())
    assert "?done=1" in page.leads()
    assert "The bank" in text(viewer, "/boards/?done=1")


def test_where_all_boards_are_finished_they_are_shown(viewer: Client) -> None:
    publish(*finished("bank"))
    assert ids() == ["bank"]
    assert "Finished" not in text(viewer, "/boards/")


def test_a_board_without_tasks_is_not_finished() -> None:
    publish(event("project_created"), *finished("bank"))
    assert ids() == ["shop"]


def test_boards_are_sorted_by_name_blocked_tasks_progress_and_activity() -> None:
    publish(
        *project("a"), resolution("a"), *project("b"), *project("c"), event("task_created", board="c", task_id="more")
    )
    publish(event("task_completed", board="b", task_id="b-3"), event("task_progress", board="a", task_id="a-2"))
    assert ids() == ids(sort="unheard") == ["a", "b", "c"]
    assert ids(sort="blocked") == ["b", "c", "a"]
    assert ids(sort="progress") == ["b", "a", "c"]
    assert ids(sort="activity")[0] == "a"


def test_a_board_says_when_its_agents_have_fallen_silent_instead_of_counting_them_as_at_work(viewer: Client) -> None:
    publish(*project())
    assert "1 blocked agent, silent 30 min" in text(viewer, "/boards/")
    assert "1 blocked agent, silent 30 min" in text(viewer, "/boards/shop/")
    publish(event("task_assigned", task_id="shop-3", agent_id="agent_shop", ago=2))  # by Marcus: no sign of the agent
    assert "silent 30 min" in text(viewer, "/boards/")
    publish(event("task_progress", task_id="shop-2", agent_id="agent_shop", progress=7, ago=1))
    board = text(viewer, "/boards/")
    assert "silent" not in board
    assert "Claude of shop" in board
    assert "1 min ago" in board


def test_an_address_of_the_list_with_anything_in_it_is_answered(viewer: Client) -> None:
    publish(*project())
    for query in ("sort=x", "sort=blocked", "sort=progress", "sort=activity", "done=1", "p=9"):
        assert viewer.get(f"/boards/?{query}").status_code == 200, query


def test_where_there_is_one_board_nothing_has_to_be_chosen(viewer: Client) -> None:
    publish(*project())
    assert "data-single" in open_page(viewer, "/").with_id("switcher")[0]
    assert "data-single" not in open_page(viewer, "/?board=shop").with_id("switcher")[0]  # "All boards" leads back
    publish(event("project_created", board="bank"))
    assert "data-single" not in open_page(viewer, "/").with_id("switcher")[0]
