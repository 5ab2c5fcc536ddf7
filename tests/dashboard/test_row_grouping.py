"""What may be folded, and what is alike: rows of one burst carry the same key."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from dashboard.row_grouping import KEY_BYTES, group_key
from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_types import EventTypes as T
from tests.core.drawn_events import recorded
from tests.dashboard.publishing import event, publish
from tests.dashboard.reading import open_page

SAID: dict[str, Any] = {"task_id": "t1", "agent_id": "agent_1"}


def progress(at: float = 0, source: str = "marcus", board: str = "shop", **data: Any) -> RecordedEvent:
    return recorded(T.TASK_PROGRESS, SAID | data, at=at, source=source, metadata={"board_id": board})


def test_progress_of_one_agent_on_one_task_is_alike_whatever_it_says() -> None:
    assert (
        group_key(progress(progress=10, message="One")) == group_key(progress(at=60, progress=20, message="Two")) != ""
    )


@pytest.mark.parametrize("other", [{"task_id": "t2"}, {"agent_id": "agent_2"}, {"board": "bank"}, {"source": "x"}])
def test_of_another_board_task_agent_or_source_it_is_not(other: dict[str, Any]) -> None:
    assert group_key(progress(**other)) != group_key(progress())


def test_new_tasks_of_one_board_are_alike() -> None:
    one, other = (recorded(T.TASK_CREATED, {"task_id": task}, metadata={"board_id": "shop"}) for task in ("t1", "t2"))
    elsewhere = recorded(T.TASK_CREATED, {"task_id": "t1"}, metadata={"board_id": "bank"})
    assert group_key(one) == group_key(other) != group_key(elsewhere)


def test_types_are_not_folded_together() -> None:
    assert group_key(recorded(T.CONTEXT_UPDATED, SAID)) != group_key(recorded(T.AGENT_LEARNED, SAID)) != ""


@pytest.mark.parametrize("event_type", [T.TASK_BLOCKED, T.TASK_STARTED, T.DECISION_LOGGED, T.ERROR, "nightly_backup"])
def test_what_matters_or_nobody_knows_is_never_folded(event_type: str) -> None:
    assert group_key(recorded(event_type, SAID)) == ""


def test_a_row_says_which_burst_it_is_of_in_few_letters_however_things_are_called(viewer: Client) -> None:
    long: dict[str, Any] = {"task_id": "\"'><" * 100, "agent_id": "\u202e" * 100}
    publish(event("task_progress", **long), event("task_progress", **long), event("task_started", **SAID))
    keys = open_page(viewer, "/activity/").all_of("data-burst")
    assert len(keys) == 2
    assert len(set(keys)) == 1
    assert len(keys[0]) == 2 * KEY_BYTES
