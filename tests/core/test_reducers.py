"""The fold: any events in any order, each rule by its number, and the same state however it is come to."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from marcus_events.core.event import RecordedEvent
from marcus_events.core.reducers import fold
from marcus_events.core.state import (
    KINDS,
    TASK_STATUSES,
    AgentState,
    BlockerState,
    BoardState,
    DependencyState,
    State,
    StateItem,
    TaskState,
)
from tests.core.drawn_events import FAR_AHEAD, START, busy_logs, logs, recorded

FAR_AHEAD_S = (FAR_AHEAD - START).total_seconds()


def folded(log: list[RecordedEvent], state: State | None = None) -> State:
    state = state or State()
    for event in log:
        fold(state, event)
    return state


def reloaded(state: State, seed: int) -> State:
    """The same items, loaded as from tables: in any order."""
    items = [item for kind in KINDS for item in state.items[kind].values()]
    random.Random(seed).shuffle(items)  # noqa: S311
    copy = State()
    for item in items:
        copy.load(item)
    return copy


@given(logs)
def test_any_events_in_any_order_fold_and_the_changes_tell_all(log: list[RecordedEvent]) -> None:
    state, told = State(), dict[object, StateItem]()
    for event in log:
        for identity, item in fold(state, event).items():
            told.pop(identity, None) if item is None else told.update({identity: item})
    assert told == {(kind, key): item for kind in KINDS for key, item in state.items[kind].items()}
    assert not state.changes


@given(logs)
def test_the_same_log_gives_the_same_state(log: list[RecordedEvent]) -> None:
    assert folded(log).items == folded(log).items


@given(logs | busy_logs, st.integers(0, 40), st.integers())
def test_a_prefix_loaded_from_tables_and_then_the_rest_is_the_whole(
    log: list[RecordedEvent], at: int, seed: int
) -> None:
    assert folded(log[at:], reloaded(folded(log[:at]), seed)).items == folded(log).items


@given(busy_logs)
def test_a_task_is_blocked_exactly_as_long_as_a_blocker_is_open(log: list[RecordedEvent]) -> None:
    """Rule 2, after each event."""
    state = State()
    for event in log:
        fold(state, event)
        for task in tasks(state):
            assert task.status in TASK_STATUSES
            assert (task.status == "blocked") == bool(state.open_blockers(task.board_id, task.task_id)), event


@given(busy_logs)
def test_an_agent_is_with_a_task_only_while_it_has_it(log: list[RecordedEvent]) -> None:
    """Rule 6, after each event."""
    state = State()
    for event in log:
        fold(state, event)
        for agent in agents(state):
            if agent.task_id:
                task = state.task(agent.board_id, agent.task_id)
                assert task, event
                assert (task.agent_id, task.status == "done") == (agent.agent_id, False), event


@given(busy_logs)
def test_no_time_runs_backwards(log: list[RecordedEvent]) -> None:
    state, since = State(), dict[object, object]()
    for event in log:
        fold(state, event)
        for task in tasks(state):
            assert since.get(task.key, START) <= task.status_since  # type: ignore[operator]
            since[task.key] = task.status_since
    assert all(b.resolved_at is None or b.resolved_at >= b.opened_at for b in blockers(state))


def tasks(state: State) -> list[TaskState]:
    return [item for item in state.items[TaskState].values() if isinstance(item, TaskState)]


def agents(state: State) -> list[AgentState]:
    return [item for item in state.items[AgentState].values() if isinstance(item, AgentState)]


def blockers(state: State) -> list[BlockerState]:
    return [item for item in state.items[BlockerState].values() if isinstance(item, BlockerState)]


class Story:
    """A log that is told event by event, ten seconds apart unless said otherwise."""

    def __init__(self, board_id: str = "shop") -> None:
        self.state, self.position, self.metadata = State(), 0, {"board_id": board_id}

    def tell(
        self,
        event_type: str,
        *,
        at: float | None = None,
        on: str | None = None,
        with_metadata: Mapping[str, object] | None = None,
        **data: object,
    ) -> RecordedEvent:
        self.position += 1
        event = recorded(
            event_type,
            {"task_id": "t1", "agent_id": "agent_1"} | data,
            at=self.position * 10 if at is None else at,
            position=self.position,
            metadata=(self.metadata if on is None else {"board_id": on} if on else {}) | dict(with_metadata or {}),
        )
        fold(self.state, event)
        return event

    def task(self, task_id: str = "t1", board_id: str = "shop") -> TaskState:
        return self.state.items[TaskState][board_id, task_id]  # type: ignore[return-value]

    def agent(self, agent_id: str = "agent_1") -> AgentState:
        return self.state.items[AgentState]["shop", agent_id]  # type: ignore[return-value]

    def open(self) -> list[str]:
        return [blocker.description for blocker in self.state.open_blockers("shop", "t1")]


def test_rule_1_a_task_goes_from_todo_to_done() -> None:
    story, seen = Story(), []
    for event_type in ("task_created", "task_assigned", "task_started", "task_progress", "task_completed"):
        story.tell(event_type, progress=30)
        seen.append((story.task().status, story.task().progress))
    assert seen == [("todo", 0), ("assigned", 0), ("in_progress", 30), ("in_progress", 30), ("done", 100)]
    assert story.agent().status == "idle"


def test_rule_1_progress_that_says_completed_is_the_end() -> None:
    story = Story()
    story.tell("task_progress", status="completed", progress=80)
    assert (story.task().status, story.task().progress) == ("done", 100)


def test_rule_1_progress_is_a_percentage() -> None:
    story = Story()
    for stated, shown in ((-5, 0), (130, 100), ("half", 100), (True, 100), (40, 40)):
        story.tell("task_progress", progress=stated)
        assert story.task().progress == shown


def test_rule_1_an_assignment_to_who_has_started_changes_nothing() -> None:
    story = Story()
    story.tell("task_started")
    before = story.task(), story.agent()
    story.tell("task_assigned")
    assert (story.task(), story.agent()) == before


def test_rule_1_an_assignment_to_another_agent_starts_over_with_that_one() -> None:
    story = Story()
    story.tell("task_started")
    story.tell("task_assigned", agent_id="agent_2")
    assert (story.task().status, story.task().agent_id) == ("assigned", "agent_2")
    assert (story.agent("agent_1").status, story.agent("agent_2").task_id) == ("idle", "t1")


def test_rule_1_a_task_that_was_done_may_start_over() -> None:
    story = Story()
    story.tell("task_completed")
    story.tell("task_assigned")
    assert (story.task().status, story.task().progress) == ("assigned", 0)


def test_rule_2_a_blocker_opens_with_what_was_said() -> None:
    story = Story()
    event = story.tell("task_blocked", description="No key", severity="HIGH", blocker_type="access")
    assert blockers(story.state) == [
        BlockerState(
            "shop",
            event.position,
            event.event.event_id,
            "t1",
            "agent_1",
            "No key",
            "high",
            "high",
            "access",
            None,
            event.timestamp,
            None,
            "",
        )
    ]
    assert (story.task().status, story.agent().status) == ("blocked", "blocked")


def test_rule_2_a_blocker_without_words_is_a_blocker_all_the_same() -> None:
    story = Story()
    story.tell("task_blocked", severity="unheard of")
    assert [(b.description, b.severity) for b in blockers(story.state)] == [("No reason was given", "medium")]


def test_rule_2_the_same_complaint_while_it_is_open_is_the_same_blocker() -> None:
    story = Story()
    story.tell("task_blocked", description="No key")
    story.tell("task_blocked", description="No key")
    story.tell("task_blocked", description="No access")
    assert story.open() == ["No key", "No access"]


def test_rule_2_the_same_complaint_after_its_end_is_another_blocker() -> None:
    story = Story()
    for event_type in ("task_blocked", "task_progress", "task_blocked"):
        story.tell(event_type, description="No key")
    assert [blocker.resolved_at is None for blocker in blockers(story.state)] == [False, True]


def test_rule_2_a_blocker_ends_when_its_task_moves_on() -> None:
    for event_type in ("task_progress", "task_started", "task_completed", "blocker_resolved"):
        story = Story()
        story.tell("task_blocked")
        end = story.tell(event_type)
        assert [blocker.resolved_at for blocker in blockers(story.state)] == [end.timestamp], event_type
        assert story.task().status == ("done" if event_type == "task_completed" else "in_progress")


def test_rule_2_progress_that_says_blocked_ends_nothing() -> None:
    story = Story()
    story.tell("task_blocked")
    story.tell("task_progress", status="blocked", progress=20)
    assert (len(story.open()), story.task().status, story.task().progress) == (1, "blocked", 20)


def test_rule_2_a_resolution_may_name_one_blocker_of_several() -> None:
    story = Story()
    first = story.tell("task_blocked", description="No key")
    story.tell("task_blocked", description="No access")
    story.tell("blocker_resolved", blocker_event_id=first.event.event_id, resolution="Here it is")
    assert story.open() == ["No access"]
    assert blockers(story.state)[0].resolution == "Here it is"
    assert story.task().status == "blocked"
    story.tell("blocker_resolved")
    assert (story.open(), story.task().status) == ([], "in_progress")


def test_rule_2_a_resolution_that_names_an_unknown_blocker_ends_none() -> None:
    story = Story()
    story.tell("task_blocked", description="No key")
    story.tell("blocker_resolved", blocker_event_id="evt_unknown")
    assert story.open() == ["No key"]


def test_rule_2_what_nobody_has_goes_back_to_be_done() -> None:
    story = Story()
    story.tell("task_blocked", agent_id=None)
    story.tell("blocker_resolved", agent_id=None)
    assert story.task().status == "todo"


def test_rule_2_marcus_answers_a_blocker_and_a_person_rates_it() -> None:
    story = Story()
    story.tell("task_blocked", severity="low")
    story.tell("blocker_suggestion", suggestion="Ask Ann")
    story.tell("blocker_updated", severity="critical")
    blocker = blockers(story.state)[0]
    assert (blocker.suggestion, blocker.severity, blocker.reported_severity) == ({"text": "Ask Ann"}, "critical", "low")


def test_rule_3_state_follows_the_order_of_the_log_whatever_the_clocks_say() -> None:
    for last, status in (("task_started", "in_progress"), ("task_completed", "done"), ("task_blocked", "blocked")):
        for first in ("task_blocked", "task_completed", "task_started"):
            story = Story()
            story.tell(first, at=100, description="No key")
            story.tell(last, at=99, description="No access")
            assert story.task().status == status, (first, last)


def test_rule_3_a_timestamp_of_2199_freezes_no_task() -> None:
    story = Story()
    for event_type in ("task_completed", "task_blocked", "task_completed"):
        frozen = story.tell(event_type, at=FAR_AHEAD_S)
    assert story.task().status_since == frozen.recorded_at
    story.tell("task_assigned", agent_id="agent_2")
    assert (story.task().status, story.task().agent_id) == ("assigned", "agent_2")
    story.tell("task_started", agent_id="agent_2")
    assert (story.task().status, story.agent("agent_2").status) == ("in_progress", "working")


def test_rule_3_a_blocker_of_a_clock_that_is_ahead_ends_when_it_is_answered() -> None:
    for ahead in (2, 3 * 3600, FAR_AHEAD_S):
        story = Story()
        blocked = story.tell("task_blocked", at=3600 + ahead, description="No key")
        story.tell("blocker_resolved", at=3600, agent_id=None)
        [blocker] = blockers(story.state)
        assert (story.open(), story.task().status, story.agent().status) == ([], "in_progress", "working"), ahead
        assert blocker.opened_at == blocker.resolved_at == blocked.recorded_at, "no time to come, no time backwards"


def test_rule_3_no_time_in_the_state_is_later_than_when_it_was_recorded() -> None:
    story = Story()
    for event_type in ("project_created", "agent_registered", "task_created", "task_requested", "task_assigned"):
        story.tell(event_type, at=FAR_AHEAD_S)
    last = story.tell("task_blocked", at=FAR_AHEAD_S)
    board, task, agent = story.state.board("shop"), story.task(), story.agent()
    assert board
    times = {
        board.created_at,
        task.created_at,
        task.status_since,
        agent.status_since,
        blockers(story.state)[0].opened_at,
    }
    assert times == {last.recorded_at}


def test_rule_3_what_its_producer_marks_as_out_of_order_moves_nothing() -> None:
    late = {"out_of_order": True}
    for end in ("task_blocked", "task_completed"):
        story = Story()
        story.tell(end, description="No key")
        before = story.task(), story.open(), story.agent()
        for event_type in ("task_assigned", "task_started", "task_progress", "task_completed", "task_blocked"):
            story.tell(event_type, with_metadata=late, description="No access", progress=30, agent_id="agent_2")
            assert (story.task(), story.open(), story.agent()) == before, (end, event_type)
        story.tell("blocker_suggestion", with_metadata=late, suggestion="Ask Ann")
        story.tell("task_started", with_metadata={"out_of_order": "yes"})
        assert story.task().status == "in_progress", "only true marks it"


def test_rule_3_a_change_that_is_told_late_moves_no_time_back() -> None:
    story = Story()
    before = story.tell("task_assigned", at=100)
    story.tell("task_started", at=50)
    assert (story.task().status, story.task().status_since) == ("in_progress", before.timestamp)


def test_rule_4_an_event_without_a_board_belongs_to_the_one_that_knows_its_task() -> None:
    story = Story()
    story.tell("task_created")
    story.tell("task_started", on="")
    assert story.task().status == "in_progress"


def test_rule_4_where_two_boards_know_the_task_it_belongs_to_neither() -> None:
    story = Story()
    story.tell("task_created")
    story.tell("task_created", on="billing")
    story.tell("task_started", on="")
    assert [story.task(board_id=board_id).status for board_id in ("shop", "billing", "")] == [
        "todo",
        "todo",
        "in_progress",
    ]


def test_rule_5_a_removed_board_takes_everything_on_it() -> None:
    story = Story()
    for event_type in ("task_created", "task_blocked", "dependency_detected"):
        story.tell(event_type, depends_on_id="t2")
    story.tell("task_created", on="billing")
    story.tell("board_removed")
    left = {item.board_id for kind in KINDS for item in story.state.items[kind].values()}
    assert left == {"billing"}


def test_rule_5_nothing_knows_a_task_of_a_removed_board() -> None:
    story = Story()
    for event_type in ("task_blocked", "board_removed"):
        story.tell(event_type)
    story.tell("task_started", on="")
    assert [task.board_id for task in tasks(story.state)] == [""]


def test_rule_5_a_removal_that_names_no_board_removes_none() -> None:
    story = Story()
    story.tell("task_created")
    story.tell("board_removed", on="")
    assert story.state.board("shop")


def test_rule_6_an_agent_works_on_one_task_at_a_time() -> None:
    story = Story()
    story.tell("task_started")
    story.tell("task_started", task_id="t2")
    assert (story.agent().task_id, story.agent().status) == ("t2", "working")
    story.tell("task_completed")
    assert (story.agent().task_id, story.agent().status) == ("t2", "working")
    story.tell("task_completed", task_id="t2")
    assert (story.agent().task_id, story.agent().status) == ("", "idle")


def test_rule_6_an_agent_that_went_on_to_another_task_is_not_called_back() -> None:
    story = Story()
    story.tell("task_blocked")
    story.tell("task_started", task_id="t2")
    story.tell("blocker_resolved", agent_id=None)
    assert (story.task().status, story.agent().task_id) == ("in_progress", "t2")


def test_a_board_a_task_and_an_agent_get_their_names_when_they_are_said() -> None:
    story = Story()
    story.tell("task_started")
    assert (story.task().name, story.agent().name) == ("t1", "1")
    story.tell("task_progress", task_name="Build the cart")
    story.tell("agent_registered", name="Claude", role="Developer", skills=["python", True])
    story.tell("project_created", project_name="Storefront")
    assert story.task().name == "Build the cart"
    assert (story.agent().name, story.agent().role, story.agent().skills) == ("Claude", "Developer", ["python"])
    assert story.state.board("shop") == BoardState("shop", "Storefront", False, story.state.board("shop").created_at)  # type: ignore[union-attr]


def test_dependencies_come_from_the_board_and_from_what_is_found_later() -> None:
    story = Story()
    story.tell("task_created", depends_on=["t2", "t3", "t1", True])
    story.tell("dependency_detected", depends_on_id="t4")
    assert list(story.state.items[DependencyState].values()) == [
        DependencyState("shop", "t1", f"t{n}") for n in (2, 3, 4)
    ]


def test_rule_8_what_marcus_refused_or_left_unanswered_changes_nothing() -> None:
    for event_type in ("task_request_refused", "report_refused", "report_unanswered"):
        story = Story()
        story.tell("task_started")
        before = {kind: dict(items) for kind, items in story.state.items.items()}
        said: dict[str, Any] = {
            "status": "completed",
            "progress": 100,
            "severity": "high",
            "description": "No key",
            "reason": "no",
        }
        story.tell(event_type, agent_id="agent_stranger", **said)
        assert story.state.items == before


def test_rule_2_complaints_that_read_alike_are_one_blocker() -> None:
    story = Story()
    for description in (" Which caf\u00e9?\r\nNow?", "Which cafe\u0301?\nNow?\n"):
        story.tell("task_blocked", description=description)
    assert story.open() == ["Which caf\u00e9?\nNow?"]


def test_rule_6_an_agent_that_asked_for_work_on_no_board_waits_no_longer_with_a_task_on_one() -> None:
    story = Story()
    story.tell("task_requested", on="", task_id=None)
    waiting = story.state.agent("", "agent_1")
    assert waiting
    assert waiting.status == "waiting"
    story.tell("task_assigned", agent_id="agent_1")
    elsewhere = story.state.agent("", "agent_1")
    assert elsewhere
    assert elsewhere.status == "idle"
    assert story.agent().status == "working"
