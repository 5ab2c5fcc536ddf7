"""What waits for what on a board: blocked, stuck, caught in a circle, on the longest chain, or unknown."""

from __future__ import annotations

import pytest
from django.test import Client

from dashboard.queries import dependency_graph
from dashboard.queries.dependency_graph import Box, Dependencies
from marcus_events.core.event import Event
from tests.dashboard.publishing import depends, event, project, publish
from tests.dashboard.reading import open_page
from tests.dashboard.scopes import on

pytestmark = pytest.mark.usefixtures("log")


def boxes(**options: bool) -> dict[str, Box]:
    return {box.task_id: box for box in drawn(**options).boxes}


def drawn(**options: bool) -> Dependencies:
    return dependency_graph.dependencies(on("shop"), **options)


def created(*tasks: str) -> list[Event]:
    return [event("task_created", task_id=task, task_name=f"Build {task}") for task in tasks]


def lines(found: Dependencies) -> list[str]:
    return sorted(line.kind for line in found.lines)


def test_every_task_says_what_keeps_it() -> None:
    publish(*project(), *created("alone"))
    found = boxes()
    assert {task: box.look for task, box in found.items()} == {
        "shop-1": "done",
        "shop-2": "blocked",
        "shop-3": "stuck",
        "shop-4": "stuck",
        "alone": "todo",
    }
    assert found["shop-4"].stuck_behind == ["Build shop-2"]
    assert found["shop-4"].waits_for == ["Build shop-3"]
    assert (found["shop-2"].holds_up, found["shop-2"].waits_for) == (2, [])
    assert [task for task, box in found.items() if box.can_begin] == ["alone"]


def test_the_longest_chain_is_of_tasks_that_are_not_done() -> None:
    publish(*project(), *created("a", "b"), depends("b", "a"))
    assert [box.task_id for box in drawn().chain] == ["shop-2", "shop-3", "shop-4"]
    assert [box.step for box in drawn().chain] == [1, 2, 3]
    assert lines(drawn()) == ["chain", "chain", "past", "plain"]


def test_a_line_from_a_blocked_task_that_is_on_no_chain_shows_what_it_holds_up() -> None:
    publish(*project(), *created("side"), depends("side", "shop-2"))
    assert lines(drawn()) == ["chain", "chain", "past", "stuck"]


def test_done_tasks_can_be_left_out_and_are_counted() -> None:
    publish(*project())
    found = drawn(show_done=False)
    assert (found.hidden, found.done) == (1, 1)
    assert [box.task_id for box in found.boxes] == ["shop-2", "shop-3", "shop-4"]
    assert drawn().hidden == 0


def test_a_circle_is_named_and_nothing_in_it_is_on_the_longest_chain() -> None:
    publish(*created("a", "b", "c", "d"), depends("a", "b"), depends("b", "c"), depends("c", "a"), depends("d", "c"))
    found = drawn()
    [circle] = found.circles
    assert sorted(circle) == ["Build a", "Build b", "Build c"]
    assert {box.task_id for box in found.boxes if box.look == "caught"} == {"a", "b", "c"}
    assert found.chain == []
    assert lines(found) == ["circle", "plain", "plain", "plain"]


def test_a_circle_that_a_done_task_opens_is_none() -> None:
    publish(*created("a", "b"), depends("a", "b"), depends("b", "a"), event("task_completed", task_id="b"))
    assert drawn().circles == []
    assert boxes()["a"].can_begin


def test_a_task_that_is_only_named_is_drawn_as_unknown_and_is_on_no_chain() -> None:
    publish(*created("a", "b"), depends("a", "elsewhere"), depends("b", "a"))
    found = boxes()
    assert (found["elsewhere"].look, found["elsewhere"].task) == ("unknown", None)
    assert [box.task_id for box in drawn().chain] == ["a", "b"]


def test_where_there_are_too_many_the_blocked_and_what_waits_for_them_are_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dependency_graph, "MAX_DRAWN", 3)
    publish(*created(*(f"early{n}" for n in range(9))), *project())
    found = drawn()
    assert {box.task_id for box in found.boxes} == {"shop-2", "shop-3", "shop-4"}
    assert found.undrawn == 10


def test_of_many_tasks_without_dependencies_only_those_that_are_drawn_are_read_and_all_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = [f"early{n}" for n in range(9)]
    publish(*created(*names), *(event("task_completed", task_id=name) for name in names[:5]), *project())
    everything = {show_done: drawn(show_done=show_done) for show_done in (True, False)}
    monkeypatch.setattr(dependency_graph, "MAX_DRAWN", 3)
    for show_done, full in everything.items():
        found = drawn(show_done=show_done)
        assert (found.done, found.hidden, found.count) == (full.done, full.hidden, full.count)
        assert found.undrawn == len(full.boxes) - 3
        assert len(found.boxes) == 3


def test_a_board_without_dependencies_has_no_picture(viewer: Client) -> None:
    publish(*created("a", "b"))
    assert drawn().boxes == []
    page = open_page(viewer, "/boards/shop/?tab=dependencies")
    assert "No dependencies on this board." in page.text
    assert not [tag for tag, _ in page.elements if tag == "foreignobject"]


def test_the_page_shows_the_picture_with_a_table_behind_it(viewer: Client) -> None:
    publish(*project())
    page = open_page(viewer, "/boards/shop/?tab=dependencies")
    text = " ".join(page.text.split())
    assert "Longest chain: 3 open tasks" in text
    assert "1 blocked, 2 waiting behind" in text
    assert "Behind Build shop-2" in text
    assert "Hide 1 done task" in text
    assert len([tag for tag, _ in page.elements if tag == "foreignobject"]) == 4
    addresses = [f"/tasks/?board=shop&task=shop-{n}" for n in range(1, 5)]
    assert all(page.leads().count(address) == 2 for address in addresses)  # picture, table


def test_without_done_tasks_the_page_offers_to_show_them(viewer: Client) -> None:
    publish(*project())
    page = open_page(viewer, "/boards/shop/?tab=dependencies&done=0")
    assert "Show 1 done task" in page.text
    assert "?tab=dependencies" in page.leads()


def test_where_nothing_waits_for_anything_the_page_says_so_and_draws_nothing(viewer: Client) -> None:
    publish(*created("a"))
    page = open_page(viewer, "/boards/shop/?tab=dependencies")
    assert "No dependencies on this board." in page.text
    assert "foreignobject" not in {tag for tag, _ in page.elements}


def test_a_circle_is_told_of_on_the_page(viewer: Client) -> None:
    publish(*created("a", "b"), depends("a", "b"), depends("b", "a"))
    text = " ".join(open_page(viewer, "/boards/shop/?tab=dependencies").text.split())
    assert "2 tasks form a dependency cycle, so none of them can start: Build" in text
    assert "In a cycle" in text


def test_the_longest_chain_ends_on_its_own_board() -> None:
    """What only another board waits for does not keep this one from being done."""
    publish(*created("a", "b"), depends("b", "a"))
    publish(event("task_created", board="bank", task_id="x"), depends("x", "b", board="bank"))
    assert [box.task_id for box in drawn().chain] == ["a", "b"]
    bank = dependency_graph.dependencies(on("bank"))
    assert [(box.task_id, box.board) for box in bank.chain] == [("b", "shop"), ("x", "")]


def test_the_tasks_are_listed_once_each_below_what_they_wait_for() -> None:
    publish(*project(), *created("alone"), depends("alone", "shop-2"))
    listed = [(box.task_id, depth) for box, depth in drawn().outline]
    assert sorted(listed) == [("alone", 2), ("shop-1", 0), ("shop-2", 1), ("shop-3", 2), ("shop-4", 3)]
    assert listed.index(("shop-4", 3)) == listed.index(("shop-3", 2)) + 1


def test_tasks_that_wait_for_each_other_are_listed_too() -> None:
    publish(*created("a", "b"), depends("a", "b"), depends("b", "a"))
    assert sorted((box.task_id, depth) for box, depth in drawn().outline) in (
        [("a", 0), ("b", 1)],
        [("a", 1), ("b", 0)],
    )


def test_however_many_dependencies_there_are_the_page_stays_small(viewer: Client) -> None:
    names = [f"task-{n:03}-{'x' * 60}" for n in range(400)]
    publish(*(event("task_created", task_id=f"t{n}", task_name=name) for n, name in enumerate(names)))
    publish(
        *(depends(f"t{n}", f"t{n // 2}") for n in range(1, 400)),
        *(depends(f"t{n}", f"t{n // 3}") for n in range(2, 400)),
    )
    publish(event("task_blocked", task_id="t1", agent_id="agent_shop", description="No key"))
    response = viewer.get("/boards/shop/?tab=dependencies")
    assert "more tasks not shown" in response.content.decode()
    assert len(response.content) < 150_000
