"""Subtasks stand under the task that they are a part of, on the board's page and on the task's."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from dashboard.pages.boards import columns as boards
from dashboard.pages.boards.columns import TaskCard
from dashboard.pages.tasks import queries as task
from dashboard.queries import subtasks
from marcus_events.audit.redaction import redact
from marcus_events.core.event import Event
from marcus_events.models import Task
from marcus_events.projections import STATE, rebuild
from tests.dashboard.publishing import event, publish
from tests.dashboard.reading import open_page
from tests.dashboard.scopes import on

pytestmark = pytest.mark.usefixtures("log")


def part(number: int, parent: str = "whole", **data: Any) -> Event:
    named: dict[str, Any] = {
        "task_id": f"{parent}_sub_{number}",
        "task_name": f"Part {number}",
        "parent_task_id": parent,
    }
    return event("task_created", ago=90 - number, **(named | data))


@pytest.fixture
def checkout(log: None) -> None:
    """A task with three subtasks: one done, one blocked, one to do."""
    publish(
        event("project_created", project_name="Storefront"),
        event("task_created", ago=100, task_id="whole", task_name="Checkout"),
        *map(part, (1, 2, 3)),
        event("task_updated", task_id="whole", status="in_progress"),
        event("task_completed", task_id="whole_sub_1", agent_id="agent_shop"),
        event("task_blocked", task_id="whole_sub_2", agent_id="agent_shop", description="Which tax?"),
    )


def cards() -> dict[str, list[TaskCard]]:
    return {name: column.cards for name, column in boards.columns(on("shop")).items()}


def test_a_subtask_stands_under_its_parent_and_nowhere_else_unless_it_is_blocked(checkout: None) -> None:
    found = cards()
    assert {name: [card.task.task_id for card in of] for name, of in found.items()} == {
        "todo": [],
        "in_progress": ["whole"],
        "blocked": ["whole_sub_2"],
        "done": [],
    }
    (whole,), (stuck,) = found["in_progress"], found["blocked"]
    assert whole.subtasks
    assert (whole.subtasks.done, whole.subtasks.count, whole.subtasks.hidden) == (1, 3, 0)
    assert [row.name for row in whole.subtasks.tasks] == ["Part 1", "Part 2", "Part 3"]
    assert stuck.parent
    assert stuck.parent.name == "Checkout"
    assert {name: column.count for name, column in boards.columns(on("shop")).items()} == {
        "todo": 0,
        "in_progress": 1,
        "blocked": 1,
        "done": 0,
    }


def test_a_subtask_whose_parent_is_not_known_or_is_one_itself_is_a_card_of_its_own(log: None) -> None:
    publish(
        event("task_created", task_id="whole", task_name="Checkout"),
        part(1, "gone"),
        part(1),
        part(1, "whole_sub_1"),
        event("task_created", task_id="own", task_name="Own", parent_task_id="own"),
    )
    assert {card.task.task_id for card in cards()["todo"]} == {"whole", "own", "gone_sub_1", "whole_sub_1_sub_1"}


def test_more_than_can_be_listed_are_counted(log: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subtasks, "MAX_SUBTASKS", 2)
    publish(event("task_created", task_id="whole", task_name="Checkout"), *map(part, (1, 2, 3)))
    (whole,) = cards()["todo"]
    assert whole.subtasks
    assert (len(whole.subtasks.tasks), whole.subtasks.hidden) == (2, 1)


def test_the_pages_say_it_in_words(checkout: None, admin_client: Client) -> None:
    board = open_page(admin_client, "/boards/shop/")
    text = " ".join(board.text.split())
    assert "1 of 3 subtasks done of Checkout" in text
    assert "part of Checkout" in text
    assert len(board.with_id("subtasks-whole")) == 1
    ids = board.all_of("id")
    assert len(ids) == len(set(ids))
    whole = " ".join(open_page(admin_client, "/tasks/", {"board": "shop", "task": "whole"}).text.split())
    assert "Subtasks 1 of 3 done Done Part 1 Blocked Part 2" in whole
    assert "Part ofCheckout" in " ".join(
        open_page(admin_client, "/tasks/", {"board": "shop", "task": "whole_sub_3"}).text.split()
    )


def test_a_parent_that_is_not_known_is_named_by_its_id(log: None, admin_client: Client) -> None:
    publish(part(1, "gone"))
    found = task.detail(on("shop"), "gone_sub_1")
    assert found
    assert found.parent
    assert (found.parent.name, found.parent.task) == ("gone", None)
    assert "Part ofgone" in " ".join(
        open_page(admin_client, "/tasks/", {"board": "shop", "task": "gone_sub_1"}).text.split()
    )


def test_an_upgrade_takes_the_parents_from_the_events_that_have_named_them(checkout: None) -> None:
    Task.objects.update(parent_task_id="")
    parents = import_module("marcus_events.migrations.0027_subtasks").PARENTS
    with connection.cursor() as cursor:
        cursor.execute(parents)
    now = Task.objects.now().filter(parent_task_id="whole")
    assert set(now.values_list("task_id", flat=True)) == {"whole_sub_1", "whole_sub_2", "whole_sub_3"}


def test_a_redacted_update_does_what_it_did_without_its_words(checkout: None) -> None:
    (position,) = publish(
        event("task_updated", task_id="whole_sub_1", status="todo", assigned_to="", task_name="Secret", reason="Secret")
    )
    before = Task.objects.now().get(task_id="whole_sub_1")
    assert (before.status, before.agent_id) == ("todo", "")
    redact(position, "ann", "A secret")
    rebuild(STATE)
    after = Task.objects.now().get(task_id="whole_sub_1")
    assert (after.status, after.agent_id, after.parent_task_id) == ("todo", "", "whole")
    assert "Secret" not in after.name
