"""What the pages are made of: blockers by what they cost, boards with their columns, names where none is given."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.pages.boards import columns, queries
from dashboard.queries import blockers, chrome_data, current_state, filter_choices
from dashboard.queries.labels import named
from marcus_events.core.event import Event
from marcus_events.core.sentences import as_text, sentence
from marcus_events.log import read
from tests.dashboard.publishing import completions, depends, event, project, publish, resolution
from tests.dashboard.scopes import on

pytestmark = pytest.mark.usefixtures("log")


def blocked(task: str, description: str = "No key", **more: Any) -> Event:
    return event("task_blocked", task_id=task, description=description, agent_id="agent_1", **more)


def descriptions(board: str = "", sort: str = "cost") -> list[str]:
    return [item.blocker.description for item in blockers.open_blockers(on(board), sort)]


def test_an_open_blocker_with_its_names_and_what_waits_behind_it_through_others() -> None:
    publish(*project())
    [found] = blockers.open_blockers(on())
    assert (found.task, found.agent, found.board, found.demo) == ("Build shop-2", "Claude of shop", "The shop", False)
    assert [(task.task_id, task.name) for task in found.waiting] == [
        ("shop-3", "Build shop-3"),
        ("shop-4", "Build shop-4"),
    ]
    assert (blockers.count_open(on()), blockers.count_open(on("shop")), blockers.count_open(on("bank"))) == (1, 1, 0)


def test_what_is_done_waits_for_nothing() -> None:
    publish(*project(), event("task_completed", task_id="shop-3", agent_id="agent_2"))
    assert blockers.open_blockers(on())[0].waiting == []


def test_tasks_behind_two_blockers_wait_once_and_blocked_ones_not_at_all() -> None:
    publish(depends("c", "a"), depends("c", "b"), depends("d", "c"), blocked("a"), blocked("b"), blocked("c"))
    items = blockers.open_blockers(on())
    assert sorted(len(item.waiting) for item in items) == [1, 2, 2]
    assert blockers.waiting_in_all(items) == 1


def test_open_blockers_by_what_they_cost_or_as_a_person_sorts_them() -> None:
    publish(
        blocked("a", "old", ago=90, severity="low"),
        blocked("b", "wide", ago=30, severity="medium"),
        blocked("c", "grave", ago=20, severity="critical"),
        *(depends(task, "b") for task in ("x", "y", "z")),
    )
    assert descriptions() == descriptions(sort="anything else") == ["wide", "grave", "old"]
    assert descriptions(sort="age") == ["old", "wide", "grave"]
    assert descriptions(sort="severity") == ["grave", "wide", "old"]
    assert descriptions(sort="waiting")[0] == "wide"


def test_sorted_by_board_they_go_by_its_name() -> None:
    publish(*project("zoo"), *project("Bank"), *project("apple"))
    assert [item.board for item in blockers.open_blockers(on(), sort="board")] == ["The apple", "The Bank", "The zoo"]
    assert descriptions("zoo") == ["No key for zoo"]


@pytest.mark.parametrize(
    ("suggestion", "steps"),
    [
        ({"resolution_steps": ["Ask", "", 3, "Wait"]}, ["Ask", "Wait"]),
        ({"resolution_steps": [], "text": "Ask"}, ["Ask"]),
        ({"suggestion": "Ask"}, ["Ask"]),
        ({"steps": "Ask"}, ["Ask"]),
        ({"steps": [str(n) for n in range(99)]}, [str(n) for n in range(blockers.MAX_STEPS)]),
        ({"steps": {"a": 1}}, []),
        ({}, []),
        (None, []),
        ("Ask", []),
    ],
)
def test_steps_are_found_in_a_suggestion_of_any_shape(suggestion: object, steps: list[str]) -> None:
    assert blockers.steps(suggestion) == steps


def test_a_severity_that_was_changed_is_shown_with_what_was_reported() -> None:
    publish(blocked("a", severity="low"), event("blocker_updated", task_id="a", severity="critical"))
    [found] = blockers.open_blockers(on())
    assert found.severity_changed
    assert (found.blocker.severity, found.blocker.reported_severity) == ("critical", "low")


def test_boards_in_numbers() -> None:
    publish(*project(), *project("bank"), resolution("bank"), *completions("bank"))
    bank, shop = queries.summaries(on())
    assert (shop.board.name, shop.tasks, shop.done, shop.percent) == ("The shop", 4, 1, 25)
    assert (shop.open_blockers, shop.waiting, [agent.name for agent in shop.agents]) == (1, 2, ["Claude of shop"])
    assert [(part.name, part.width) for part in shop.segments] == [("done", 25), ("blocked", 25), ("todo", 50)]
    assert (bank.percent, bank.open_blockers, bank.waiting, bank.agents) == (100, 0, 0, [])
    assert [summary.board.board_id for summary in queries.summaries(on("bank"))] == ["bank"]
    assert queries.summaries(on("no such board")) == []


def test_a_board_without_tasks_is_no_division_by_nothing() -> None:
    publish(event("project_created", project_name="Bare"))
    [bare] = queries.summaries(on())
    assert (bare.tasks, bare.percent, bare.segments) == (0, 0, [])


def test_demos_come_after_what_is_real() -> None:
    publish(event("project_created", board="demo", metadata={"demo": True}), event("project_created", board="zoo"))
    assert [board.board_id for board in current_state.boards(on())] == ["zoo", "demo"]


def test_columns_hold_each_task_once_with_who_has_it_and_what_it_holds_up() -> None:
    publish(*project(), event("task_assigned", task_id="shop-4", agent_id="agent_2"))
    found = columns.columns(on("shop"))
    names = {status: [card.task.task_id for card in column.cards] for status, column in found.items()}
    assert names == {"todo": ["shop-3"], "in_progress": ["shop-4"], "blocked": ["shop-2"], "done": ["shop-1"]}
    [card] = found["blocked"].cards
    assert (card.agent, card.waiting) == ("Claude of shop", 2)
    assert found["todo"].cards[0].agent == ""


def test_what_waits_longest_comes_first_and_what_was_done_last_too() -> None:
    story = [(f"t{n}", 10 - n) for n in range(3)]
    publish(*(event("task_created", task_id=task, ago=ago) for task, ago in story))
    assert [card.task.task_id for card in columns.columns(on("shop"))["todo"].cards] == ["t0", "t1", "t2"]
    publish(*(event("task_completed", task_id=task, ago=ago) for task, ago in story))
    assert [card.task.task_id for card in columns.columns(on("shop"))["done"].cards] == ["t2", "t1", "t0"]


def test_a_full_column_has_pages_and_counts_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "CARDS", 2)
    publish(*(event("task_created", task_id=f"t{n}", ago=9 - n) for n in range(5)))
    publish(event("task_completed", task_id="t4"))

    def shown(page: str) -> tuple[list[str], int, bool]:
        column = columns.columns(on("shop"), "todo", page)["todo"]
        return [card.task.task_id for card in column.cards], column.count, column.paging.has_next

    assert [shown(page) for page in ("", "2", "3")] == [
        (["t0", "t1"], 4, True),
        (["t2", "t3"], 4, False),
        ([], 4, False),
    ]
    assert len(columns.columns(on("shop"), "todo", "2")["done"].cards) == 1


def test_only_what_opened_just_now_and_is_open_is_an_alert() -> None:
    publish(blocked("a", "old", ago=10), blocked("b", "ended"), blocked("c", "new"))
    publish(event("blocker_resolved", task_id="b"))
    assert [(alert.blocker.description, alert.task, alert.agent) for alert in chrome_data.alerts(on())] == [
        ("new", "c", "1")
    ]


def test_filters_offer_what_has_been_seen() -> None:
    publish(*project(), event("nightly_backup"), event("task_started", board="bank", agent_id="agent_bo"))
    offered = filter_choices.types(on())
    assert [title for title, _ in offered] == ["Tasks", "Agents", "Context", "Boards", "Other"]
    assert offered[-1][1] == [("nightly_backup", "Nightly backup")]
    assert filter_choices.agents(on()) == [("agent_bo", "Bo"), ("agent_shop", "Claude of shop")]
    assert filter_choices.agents(on("shop")) == [("agent_shop", "Claude of shop")]


def in_words(*events: Event) -> list[str]:
    positions = publish(*events)
    found = [recorded for position in positions if (recorded := read.event(position))]
    return [as_text(sentence(recorded)) for recorded in named(found)]


def test_what_an_event_only_identifies_is_named() -> None:
    publish(*project())
    who: dict[str, Any] = {"agent_id": "agent_shop"}
    assert in_words(
        event("task_progress", task_id="shop-2", progress=5, **who),
        event("task_progress", task_id="shop-2", progress=5, task_name="", **who),
        event("dependency_detected", task_id="shop-3", depends_on_id="shop-1"),
        event("project_completed"),
    ) == [
        *["Claude of shop is at 5% on Build shop-2"] * 2,
        "Build shop-3 depends on Build shop-1",
        "The shop is complete",
    ]


def test_what_an_event_names_itself_stays_as_it_said() -> None:
    publish(*project())
    assert in_words(
        event("task_started", task_id="shop-2", task_name="Another name", agent_id="a", metadata={"agent_name": "Ada"}),
        event("agent_registered", agent_id="agent_shop", name="Claude the first"),
        event("project_created", project_name="The first shop"),
    ) == ["Ada started Another name", "Claude the first joined", "The first shop was created"]


def test_names_are_those_of_the_events_own_board() -> None:
    publish(*project(), event("task_created", board="bank", task_id="shop-2", task_name="Another task"))
    about: dict[str, Any] = {"task_id": "shop-2", "agent_id": "agent_shop"}
    told = in_words(event("task_started", board="bank", **about), event("task_started", **about))
    assert told == ["Shop started Another task", "Claude of shop started Build shop-2"]


def test_the_event_itself_is_not_changed_and_what_nobody_named_keeps_its_id() -> None:
    [position] = publish(event("task_started", task_id="unheard", board=""))
    recorded = read.event(position)
    assert recorded
    assert named([recorded]) == [recorded]
    publish(*project())
    bare = read.event(publish(event("task_started", task_id="shop-2"))[0])
    assert bare
    [readable] = named([bare])
    assert readable.data["task_name"] == "Build shop-2"
    assert bare.data == {"task_id": "shop-2"}


def test_hundreds_of_open_blockers_are_all_counted_and_the_costliest_of_them_come_first() -> None:
    publish(*(event("task_blocked", task_id=f"t{n}", description=f"{n}", severity="low", ago=1) for n in range(250)))
    publish(event("task_blocked", task_id="new", description="the newest", severity="critical"))
    items = blockers.open_blockers(on())
    assert len(items) == 251
    assert items[0].blocker.description == "the newest"


def test_boards_stand_in_the_order_of_their_names_however_they_are_written_and_demos_last() -> None:
    publish(*(event("project_created", board=name, project_name=name) for name in ("b", "A", "c", "B-2")))
    publish(event("project_created", board="demo", project_name="A demo", metadata={"demo": True}))
    assert [board.name for board in current_state.boards(on())] == ["A", "b", "B-2", "c", "A demo"]
