"""What people do about a blocker, and what becomes of their answer: each rule of `core.reducers.blocker_handling`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given

from marcus_events.core.event import RecordedEvent
from marcus_events.core.reducers import fold
from marcus_events.core.state import BlockerState, State
from tests.core.drawn_events import RECORDED_AT, START, busy_logs, recorded

SOURCES = {
    "task_blocked": "agent_1",
    "blocker_resolved": "planner",
    "answer_failed": "system:answers",
    "answer_awaited": "program:builder",
    "answer_seen": "program:builder",
}
HOUR = (START + timedelta(hours=1)).isoformat()


class Story:
    """A task that is blocked by event 1, and what happens then, a second apart."""

    def __init__(self) -> None:
        self.state, self.position = State(), 0
        self.add("task_blocked", agent_id="agent_1", description="Which key?")

    def add(self, event_type: str, at: float | None = None, *, source: str = "", **data: Any) -> BlockerState:
        self.position += 1
        stated = {"task_id": "t1", "by": "somebody else"} | data
        metadata, at = {"board_id": "shop"}, self.position if at is None else at
        source = source or SOURCES.get(event_type, "user:ann")
        where: dict[str, Any] = {"at": at, "position": self.position, "metadata": metadata}
        fold(self.state, recorded(event_type, stated, source=source, **where))
        return self.state.blockers_of("shop", "t1")[0]


def test_who_looks_after_it_and_who_has_it_is_what_was_said_last() -> None:
    story = Story()
    story.add("blocker_acknowledged")
    story.add("blocker_assigned", assignee="bob")
    blocker = story.add("blocker_acknowledged", source="user:bob")
    assert (blocker.acknowledged_by, blocker.assignee) == ("bob", "bob")
    assert story.add("blocker_assigned", assignee="").assignee == ""


def test_it_is_put_off_until_a_time_and_brought_back_without_one() -> None:
    story = Story()
    assert story.add("blocker_snoozed", until=HOUR).snoozed_until == START + timedelta(hours=1)
    assert story.add("blocker_snoozed", until="later").snoozed_until is None


def test_an_answer_waits_and_can_be_taken_back() -> None:
    story = Story()
    blocker = story.add("blocker_answered", answer="The blue one", due=HOUR)
    assert (blocker.answer, blocker.answered_by, blocker.answer_id) == ("The blue one", "ann", "evt_2")
    assert blocker.answer_due == START + timedelta(hours=1)
    assert blocker.resolved_at is None
    assert story.add("answer_withdrawn", answer_id="evt_9").answer == "The blue one", "it was another one"
    blocker = story.add("answer_withdrawn", answer_id="evt_2")
    assert (blocker.answer, blocker.answer_id, blocker.answer_due) == ("", "", None)
    assert story.add("blocker_answered", answer="The red one", source="user:bob").answered_by == "bob"


def test_a_person_on_a_machine_whose_clock_is_three_hours_ahead_answers_in_ten_seconds() -> None:
    ahead = RECORDED_AT + timedelta(hours=3)
    due = (ahead + timedelta(seconds=10)).isoformat()
    blocker = Story().add("blocker_answered", (ahead - START).total_seconds(), answer="The blue one", due=due)
    assert blocker.answer_due == RECORDED_AT + timedelta(seconds=10)
    until = (ahead + timedelta(minutes=30)).isoformat()
    for event_type in ("blocker_snoozed", "answer_awaited"):
        blocker = Story().add(event_type, (ahead - START).total_seconds(), until=until)
        assert RECORDED_AT + timedelta(minutes=30) in (blocker.snoozed_until, blocker.awaited_until)


def test_while_an_answer_waits_another_one_changes_nothing() -> None:
    story = Story()
    first = story.add("blocker_answered", answer="The blue one", due=HOUR)
    assert story.add("blocker_answered", answer="The red one", source="user:bob", due=HOUR) == first


@pytest.mark.parametrize("answer", ["", None, True, ["x"]])
def test_what_is_no_answer_is_none(answer: Any) -> None:
    assert Story().add("blocker_answered", answer=answer, due=HOUR).answer_id == ""


def test_sent_seen_and_resumed_follow_from_events_in_this_order() -> None:
    story = Story()
    story.add("answer_awaited", until=HOUR)
    story.add("blocker_answered", answer="The blue one", due=HOUR)
    assert story.add("answer_seen").seen_at is None, "it has not been sent"
    assert story.add("task_requested", agent_id="agent_1").resumed_at is None
    answer: dict[str, Any] = {"resolution": "The blue one", "blocker_event_id": "evt_1", "answer_id": "evt_3"}
    blocker = story.add("blocker_resolved", source="user:ann", **answer)
    assert (blocker.resolved_at, blocker.seen_at, blocker.resumed_at) == (START + timedelta(seconds=6), None, None)
    assert story.add("answer_seen").seen_at == START + timedelta(seconds=7)
    assert story.add("answer_seen").seen_at == START + timedelta(seconds=7), "the first time counts"
    assert story.add("task_progress", progress=50).resumed_at == START + timedelta(seconds=9)
    assert story.add("task_progress", progress=60).resumed_at == START + timedelta(seconds=9)


def test_nobody_waits_longer_than_an_hour_without_saying_so_again() -> None:
    story = Story()
    assert story.add("answer_awaited", until="2199-01-01T00:00:00Z").awaited_until == START + timedelta(
        hours=1, seconds=2
    )
    assert story.add("answer_awaited", until=HOUR).awaited_until == START + timedelta(hours=1)
    assert story.add("answer_awaited").awaited_until is None


def test_a_blocker_that_ended_without_an_answer_was_not_helped_by_one() -> None:
    story = Story()
    story.add("task_progress", progress=50)
    assert story.add("task_progress", progress=60).resumed_at is None


@pytest.mark.parametrize(
    "event_type", ["blocker_acknowledged", "blocker_assigned", "blocker_snoozed", "blocker_answered"]
)
def test_a_blocker_that_has_ended_is_left_as_it_was(event_type: str) -> None:
    story = Story()
    ended = story.add("blocker_resolved")
    assert story.add(event_type, answer="x", assignee="bob", until=HOUR) == ended


def test_it_is_the_blocker_that_is_named_or_the_newest_of_the_task() -> None:
    story = Story()
    story.add("task_blocked", agent_id="agent_1", description="And which door?")
    story.add("blocker_acknowledged", blocker_event_id="evt_1")
    story.add("blocker_assigned", assignee="bob")
    first, second = story.state.blockers_of("shop", "t1")
    assert [(item.acknowledged_by, item.assignee) for item in (first, second)] == [("ann", ""), ("", "bob")]


@pytest.mark.parametrize("source", ["planner", "agent_1", "marcus", "User:ann", " user:ann", "program:builder"])
@pytest.mark.parametrize(
    "event_type",
    ["blocker_acknowledged", "blocker_assigned", "blocker_snoozed", "blocker_answered", "answer_withdrawn"],
)
def test_an_act_of_a_person_counts_from_a_person_alone(event_type: str, source: str) -> None:
    story = Story()
    before = (
        story.add("blocker_answered", answer="The blue one", due=HOUR) if event_type == "answer_withdrawn" else None
    )
    before = before or story.state.blockers_of("shop", "t1")[0]
    about: dict[str, Any] = {
        "answer": "x",
        "assignee": "bob",
        "until": HOUR,
        "due": HOUR,
        "answer_id": "evt_2",
        "by": "ann",
    }
    assert story.add(event_type, source=source, **about) == before


@pytest.mark.parametrize("event_type", ["answer_awaited", "answer_failed"])
def test_what_a_waiting_program_or_the_system_does_counts_from_them_alone(event_type: str) -> None:
    story = Story()
    before = story.add("blocker_answered", answer="The blue one", due=HOUR)
    for source in ("planner", "agent_1", "user:ann"):
        assert story.add(event_type, source=source, until=HOUR, answer_id="evt_2") == before


def test_who_ended_it_is_the_source_whatever_the_event_says() -> None:
    assert Story().add("blocker_resolved", source="planner", by="ann").resolved_by == "planner"
    assert Story().add("task_progress", source="agent_1", progress=50).resolved_by == ""


def test_an_answer_that_cannot_be_sent_is_kept_and_another_one_can_be_given() -> None:
    story = Story()
    story.add("blocker_answered", answer="The blue one", due=HOUR)
    assert story.add("answer_failed", answer_id="evt_9", reason="it is too large").undelivered == "", "another one"
    blocker = story.add("answer_failed", answer_id="evt_2", reason="it is too large")
    assert (blocker.answer, blocker.answered_by, blocker.undelivered) == ("The blue one", "ann", "it is too large")
    assert (blocker.answer_id, blocker.answer_due, blocker.resolved_at) == ("", None, None)
    again = story.add("blocker_answered", answer="Blue", due=HOUR)
    assert (again.answer, again.undelivered, again.answer_id) == ("Blue", "", "evt_5")


@pytest.mark.parametrize(
    ("event_type", "source", "answer_id"),
    [
        ("blocker_resolved", "planner", None),
        ("blocker_resolved", "planner", "evt_2"),
        ("blocker_resolved", "user:bob", "evt_9"),
        ("task_progress", "agent_1", None),
    ],
)
def test_an_answer_that_something_else_has_overtaken_was_not_delivered(
    event_type: str, source: str, answer_id: str | None
) -> None:
    story = Story()
    story.add("blocker_answered", answer="The blue one", due=HOUR)
    blocker = story.add(event_type, source=source, answer_id=answer_id, resolution="The red one", progress=50)
    assert (blocker.answer, blocker.answered_by, blocker.answer_id) == ("The blue one", "ann", "")
    assert (bool(blocker.undelivered), bool(blocker.resolved_at)) == (True, True)
    assert story.add("task_progress", source="agent_1", progress=60).resumed_at is None


@given(busy_logs)
def test_an_answer_is_there_whole_or_not_at_all(log: list[RecordedEvent]) -> None:
    state = State()
    for event in log:
        fold(state, event)
        for blocker in state.items[BlockerState].values():
            assert isinstance(blocker, BlockerState)
            assert bool(blocker.answer_id) == bool(blocker.answer_due)
            assert bool(blocker.answer) == bool(blocker.answer_id or blocker.undelivered)
            assert blocker.seen_at is None or blocker.resolved_at is not None
            assert blocker.resumed_at is None or blocker.answer_id
