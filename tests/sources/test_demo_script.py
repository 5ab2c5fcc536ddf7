"""The script of the demo: the whole run, in its order, at a pace that a person can follow."""

import json
from datetime import datetime
from itertools import pairwise

import pytest

from marcus_events.core.event import utc_now
from marcus_events.sources.demo_script import MAX_PAUSE_S, RUN, is_visible, read_run, script

NOW = utc_now()
EVENTS = [line.event("round1", NOW) for line in script()]
DUE = [line.due for line in script()]


def due(event_type: str, task_id: str | None = None) -> list[float]:
    wanted = [(second, event) for second, event in zip(DUE, EVENTS, strict=True) if event.event_type == event_type]
    return [second for second, event in wanted if task_id in (None, event.data.get("task_id"))]


def test_it_is_the_whole_run_in_its_order() -> None:
    assert [event.event_type for event in EVENTS] == [event.event_type for event in read_run()]
    assert sorted(DUE) == DUE


def test_reading_the_run_leaves_nothing_beside_it() -> None:
    assert sorted(path.name for path in (RUN / "data").iterdir()) == ["kanban.db", "marcus.db"]


def test_a_round_takes_about_five_minutes() -> None:
    assert 270 < DUE[-1] < 330


def test_the_board_stands_at_once() -> None:
    for event_type, count in (("project_created", 1), ("task_created", 25), ("agent_registered", 4)):
        assert due(event_type) == [0.0] * count


def test_the_first_blocker_opens_is_answered_and_ends_within_the_first_minute() -> None:
    blocked = next(event for event in EVENTS if event.event_type == "task_blocked")
    task_id = blocked.data["task_id"]
    opened, answered = due("task_blocked")[0], due("blocker_suggestion", task_id)[0]
    moved_on = min(second for second in due("task_progress", task_id) if second > opened)
    assert 5 < opened < 25
    assert opened < answered < moved_on < 60


def test_something_that_a_person_sees_happens_every_other_second() -> None:
    seen = [second for second, event in zip(DUE, EVENTS, strict=True) if is_visible(event)]
    assert max(later - earlier for earlier, later in pairwise(seen)) <= MAX_PAUSE_S + 0.001


def test_every_event_is_marked_as_the_demo() -> None:
    for event in EVENTS:
        assert event.metadata is not None
        assert event.metadata["demo"] is True
        assert event.metadata["board_id"] == "demo"
        assert event.metadata["board_name"] == "Storefront (demo)"


def test_ids_are_the_rounds_own_and_causes_lie_within_it() -> None:
    assert [event.event_id for event in EVENTS] == [f"demo-round1-{n}" for n in range(len(EVENTS))]
    place = {event.event_id: n for n, event in enumerate(EVENTS)}
    caused = [(n, cause) for n, event in enumerate(EVENTS) if (cause := (event.metadata or {}).get("causation_id"))]
    assert len(caused) == 9
    assert all(place[cause] < n for n, cause in caused)
    blockers = {event.event_id for event in EVENTS if event.event_type == "task_blocked"}
    assert {event.data["blocker_event_id"] for event in EVENTS if event.event_type == "blocker_suggestion"} == blockers


def test_nothing_of_it_is_taken_for_the_run_itself_when_that_is_followed_too() -> None:
    run = read_run()
    ids = {event.event_id for event in run} | {event.data["task_id"] for event in run if "task_id" in event.data}
    ids |= {event.data["project_id"] for event in run if "project_id" in event.data}
    text = json.dumps([event.to_dict() for event in EVENTS])
    assert not [one for one in ids if one in text]
    assert "@round@" not in text
    assert not any("act" in (event.metadata or {}) for event in EVENTS)


def test_tasks_of_the_demo_are_as_many_as_the_runs() -> None:
    assert len({event.data["task_id"] for event in EVENTS if event.event_type == "task_created"}) == 25


def test_it_happens_now_and_speaks_of_the_time_in_which_it_was_played() -> None:
    assert {event.timestamp for event in EVENTS} == {NOW}
    text = json.dumps([event.data for event in EVENTS])
    assert "2026-11-23T20:46" not in text
    for done in (event for event in EVENTS if event.event_type == "task_completed"):
        task_id = done.data["task_id"]
        took = (NOW - datetime.fromisoformat(done.data["started_at"])).total_seconds()
        assert took == pytest.approx(due("task_completed", task_id)[0] - due("task_started", task_id)[0], abs=0.5)
