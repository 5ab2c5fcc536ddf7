"""Invented projects: the same from the same seed, and such as could have happened."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count, cycle
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marcus_events.core.causation import CAUSATION
from marcus_events.core.event import Event
from marcus_events.core.event_types import MEANINGS
from marcus_events.core.event_types import EventTypes as T
from marcus_events.core.reducers import fold
from marcus_events.core.state import AgentState, BlockerState, DependencyState, State, TaskState
from marcus_events.sources.simulation import Simulation
from marcus_events.sources.simulation.event_rate import MAX_LAG_S, EventRate
from marcus_events.sources.simulation.plan import plan
from tests.core.drawn_events import START, taken

Kind = TypeVar("Kind")

MANY = 20_000  # events; enough for several small projects


def clock() -> Callable[[], datetime]:
    seconds = count()
    return lambda: START + timedelta(seconds=next(seconds))


def simulation(seed: int = 1, *, agents: int = 3, tasks: int = 12) -> Simulation:
    return Simulation(seed, agents=agents, tasks=tasks, clock=clock())


def until(simulation: Simulation, event_type: str) -> list[Event]:
    """All events up to the first of a type."""
    events: list[Event] = []
    while len(events) < MANY:
        events.append(simulation.next())
        if events[-1].event_type == event_type:
            return events
    raise AssertionError(f"there was no {event_type}")


def test_the_same_seed_gives_the_same_events_and_another_seed_others() -> None:
    assert simulation(7).next_batch(800) == simulation(7).next_batch(800)
    texts = [[event.data for event in simulation(seed).next_batch(100)] for seed in (7, 8)]
    assert texts[0] != texts[1]


@given(seed=st.integers(0, 1_000), agents=st.integers(1, 6), tasks=st.integers(1, 30))
@settings(max_examples=20)
def test_a_whole_project_could_have_happened(seed: int, agents: int, tasks: int) -> None:
    events = until(simulation(seed, agents=agents, tasks=tasks), T.PROJECT_COMPLETED)
    state = State()
    for position, event in enumerate(events, start=1):
        check_start(state, event)
        fold(state, taken(event, position))
        check(state)
    told = Counter(event.event_type for event in events)
    assert told[T.TASK_CREATED] == told[T.TASK_COMPLETED] == tasks
    assert told[T.AGENT_REGISTERED] == agents
    assert {task.status for task in of(state, TaskState)} == {"done"}
    assert {agent.status for agent in of(state, AgentState)} == {"offline"}
    assert all(blocker.resolved_at for blocker in of(state, BlockerState))


def check_start(state: State, event: Event) -> None:
    """Nobody takes what is done or taken, or what still waits for another task."""
    if event.event_type == T.TASK_ASSIGNED:
        board, task_id = (event.metadata or {})["board_id"], event.data["task_id"]
        task = state.task(board, task_id)
        assert task
        assert task.status == "todo"
        needed = [key for key in state.items[DependencyState] if key[:2] == (board, task_id)]
        assert all((other := state.task(board, key[2])) and other.status == "done" for key in needed)


def check(state: State) -> None:
    """A task is blocked as long as a blocker of it is open, and an agent is at one task at a time."""
    stuck = {blocker.task_id for blocker in of(state, BlockerState) if blocker.resolved_at is None}
    assert stuck == {task.task_id for task in of(state, TaskState) if task.status == "blocked"}
    at_work = [task.agent_id for task in of(state, TaskState) if task.status in ("assigned", "in_progress", "blocked")]
    assert len(set(at_work)) == len(at_work)


def of(state: State, kind: type[Kind]) -> list[Kind]:
    return [item for items in state.items.values() for item in items.values() if isinstance(item, kind)]


def test_every_event_is_of_a_known_type_and_passes_the_door() -> None:
    """`taken` raises where one does not."""
    events = simulation(agents=8, tasks=40).next_batch(5_000)
    assert {taken(event, 1).event_type for event in events} <= set(MEANINGS)


def test_one_project_follows_another_on_a_board_of_its_own() -> None:
    simulated = simulation(tasks=2)
    first, second = until(simulated, T.PROJECT_COMPLETED), until(simulated, T.PROJECT_COMPLETED)
    boards = [{(event.metadata or {})["board_id"] for event in events} for events in (first, second)]
    assert [len(board) for board in boards] == [1, 1]
    assert boards[0] != boards[1]


def test_many_tasks_have_names_of_their_own_and_none_waits_for_a_later_one() -> None:
    tasks = plan(random.Random(1), "b", 1_500)  # noqa: S311 - the same every time
    assert len({task.name for task in tasks}) == len({task.task_id for task in tasks}) == 1_500
    earlier: set[str] = set()
    for task in tasks:
        assert earlier.issuperset(task.depends_on)
        earlier.add(task.task_id)


def test_an_agent_that_asks_a_person_says_so_and_goes_on_when_it_is_answered() -> None:
    simulated = simulation(agents=6, tasks=60)
    asked = until(simulated, T.ANSWER_AWAITED)[-1]
    about = {name: asked.data[name] for name in ("task_id", "blocker_event_id")}
    answer = Event("answer_1", START, T.BLOCKER_RESOLVED, "user:ann", about | {"resolution": "With tax"})
    simulated.receive(answer)
    *_, seen = until(simulated, T.ANSWER_SEEN)
    assert (seen.data["blocker_event_id"], (seen.metadata or {})[CAUSATION]) == (about["blocker_event_id"], "answer_1")
    of_task = [event for event in simulated.next_batch(100) if event.data.get("task_id") == about["task_id"]]
    assert T.TASK_PROGRESS in [event.event_type for event in of_task]
    assert T.BLOCKER_RESOLVED not in [event.event_type for event in of_task[:2]]


def test_it_says_again_that_it_waits_before_that_is_over() -> None:
    simulated = simulation(agents=6, tasks=200)
    blocker = until(simulated, T.ANSWER_AWAITED)[-1].data["blocker_event_id"]
    said = [event for event in simulated.next_batch(600) if event.event_type == T.ANSWER_AWAITED]
    mine = [event for event in said if event.data["blocker_event_id"] == blocker]
    assert len(mine) > 1
    ends = [datetime.fromisoformat(event.data["until"]) for event in mine]
    assert all(later.timestamp < end for end, later in zip(ends, mine[1:], strict=False))


def test_nobody_waits_for_a_person_for_ever() -> None:
    assert until(simulation(agents=1, tasks=30), T.PROJECT_COMPLETED)


@pytest.mark.parametrize("rate", [0.5, 7, 50, 5_000])
def test_the_rate_holds_on_average_however_unevenly_it_is_asked(rate: float) -> None:
    event_rate, now, published, late = EventRate(rate, 500, 0.0), 0.0, 0, cycle((0.9, 1.0, 1.4, 1.1))
    while now < 100:
        published += event_rate.due(now)
        now += event_rate.pause() * next(late)
    assert published == pytest.approx(rate * 100, rel=0.01, abs=2)


def test_a_machine_that_slept_makes_no_burst() -> None:
    event_rate = EventRate(10, 500, 0.0)
    assert event_rate.due(3_600) == 10 * MAX_LAG_S
    assert event_rate.due(3_600) == 0


def test_without_a_rate_it_is_always_as_much_as_goes_at_once() -> None:
    event_rate = EventRate(0, 500, 0.0)
    assert [event_rate.due(0.0), event_rate.due(0.0), event_rate.pause()] == [500, 500, 0]
