"""A field is used, or its producer is warned: no value is lost without a word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from marcus_events.core.event import Event
from marcus_events.core.event_fields import (
    DATA,
    FIELDS_BY_NAME,
    FIELDS_BY_TYPE,
    FIELDS_OF_UNKNOWN,
    METADATA,
    warnings_in,
)
from marcus_events.core.event_types import MEANINGS
from marcus_events.core.payload import MAX_NAME_BYTES
from marcus_events.core.reducers import HANDLERS, fold
from marcus_events.core.sentences import sentence
from marcus_events.core.state import AgentState, BlockerState, DependencyState, State, StateItem, TaskState
from tests.core.drawn_events import AGENTS, events, recorded, values

GOOD: dict[str, Any] = {
    "depends_on": ["t8"], "depends_on_id": "t8", "labels": ["a"], "skills": ["a"], "progress": 45, "severity": "high",
    "until": "2026-05-05T09:00:00Z", "due": "2026-05-05T09:00:00Z", "suggestion": "try again", "out_of_order": True,
}  # fmt: skip
BASE = {"task_id": "t1", "agent_id": AGENTS[0]}
MARKS = {"redacted", "at", "known_from"}  # looked for in every event; the follower alone says what it is known from


class Watched(dict[str, Any]):
    """Notes which fields are read."""

    def __init__(self, content: dict[str, Any], read: set[str]) -> None:
        super().__init__(content)
        self.read = read

    def get(self, key: str, default: Any = None) -> Any:
        self.read.add(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        self.read.add(key)
        return super().__getitem__(key)


def before() -> State:
    """A task that is blocked, and its agent."""
    state = State()
    fold(state, recorded("task_started", BASE))
    fold(state, recorded("task_blocked", BASE | {"description": "No key"}, position=2))
    state.pop_changes()
    return state


def outcome(event_type: str, data: dict[str, Any], metadata: dict[str, Any], source: str = "marcus") -> Any:
    """What it does, and how it reads."""
    event = recorded(event_type, data, metadata=metadata, source=source, at=60, position=9)
    return fold(before(), event), sentence(event), event.board_id, event.task_id, event.agent_id


SOURCES = ("marcus", "user:ann", "program:builder", "system:answers")


def fields() -> Iterator[tuple[str, str, str]]:
    for event_type, tables in FIELDS_BY_TYPE.items():
        for place, table in zip((DATA, METADATA), tables, strict=True):
            yield from ((event_type, place, name) for name in table)


def said(event_type: str, place: str, name: str, value: object) -> list[Any]:
    base = {key: kept for key, kept in BASE.items() if key != name}
    data, metadata = (base | {name: value}, {}) if place == DATA else (base, {name: value})
    return [outcome(event_type, data, metadata, source) for source in SOURCES]


ODD: tuple[Any, ...] = ({"a": 1}, [{"a": 1}], [["x"]], True, False, "a, b", "[1]", 7.5, -3, 1e9, "x" * 600, "45 %")


def test_a_value_that_does_nothing_is_warned_of() -> None:
    """Of every field of every type that does something with a good value."""
    effective = 0
    for event_type, place, name in fields():
        nothing = said(event_type, place, name, None)
        if said(event_type, place, name, GOOD.get(name, "something")) == nothing:
            continue
        effective += 1
        for value in ODD:
            data, metadata = ({name: value}, {}) if place == DATA else ({}, {name: value})
            is_warned = any(
                each.pointer.startswith(f"{place}/{name}") for each in warnings_in(event_type, data, metadata)
            )
            if said(event_type, place, name, value) == nothing and not (name == "out_of_order" and value is False):
                assert is_warned, (event_type, place, name, value)
    assert effective > 300


@given(events)
@example(Event("evt", datetime(2027, 1, 1, tzinfo=UTC), "task_started", "user:ann", {}, {}))  # ends a blocker
def test_no_field_is_read_that_is_not_in_the_table_of_its_type(event: Event) -> None:
    read: set[str] = set()
    watched = replace(event, data=Watched(event.data, read))
    taken = replace(recorded(event.event_type), event=watched, task_id="t1", agent_id=AGENTS[0])
    fold(before(), taken)
    sentence(taken)
    table, _ = FIELDS_BY_TYPE.get(event.event_type, FIELDS_OF_UNKNOWN)
    assert read - MARKS - {"by", "reason"} <= set(table)


@pytest.mark.parametrize("event_type", HANDLERS)
def test_every_field_of_the_table_is_one_of_its_place(event_type: str) -> None:
    in_data, in_metadata = FIELDS_BY_TYPE[event_type]
    assert in_data.keys() >= {"task_id", "agent_id", "board_id"}
    assert in_metadata.keys() <= FIELDS_BY_NAME[METADATA].keys()


def folded(*log: tuple[str, dict[str, Any]]) -> dict[type[StateItem], list[Any]]:
    state = State()
    for position, (event_type, data) in enumerate(log, start=1):
        fold(state, recorded(event_type, data, position=position))
    return {kind: list(items.values()) for kind, items in state.items.items()}


def test_what_has_one_meaning_is_taken() -> None:
    numbers = folded(
        ("task_created", {"task_id": 78, "depends_on": [77, 76.0], "labels": "urgent", "board_id": 7}),
        ("task_started", {"task_id": 78, "agent_id": 5, "board_id": 7}),
        ("task_progress", {"task_id": 78, "agent_id": 5, "board_id": 7, "progress": "45"}),
        ("task_blocked", {"task_id": 78, "agent_id": 5, "board_id": 7, "description": 404, "severity": " High "}),
    )
    texts = folded(
        ("task_created", {"task_id": "78", "depends_on": ["77", "76"], "labels": ["urgent"], "board_id": "7"}),
        ("task_started", {"task_id": "78", "agent_id": "5", "board_id": "7"}),
        ("task_progress", {"task_id": "78", "agent_id": "5", "board_id": "7", "progress": 45}),
        ("task_blocked", {"task_id": "78", "agent_id": "5", "board_id": "7", "description": "404", "severity": "high"}),
    )
    assert numbers == texts
    assert [task.progress for task in numbers[TaskState]] == [45.0]
    assert len(numbers[DependencyState]) == 2
    assert [agent.agent_id for agent in numbers[AgentState]] == ["5"]
    assert [blocker.severity for blocker in numbers[BlockerState]] == ["high"]


@pytest.mark.parametrize(
    ("event_type", "data", "pointer"),
    [
        ("task_progress", {"task_id": True}, "/data/task_id"),
        ("task_progress", {"task_id": 1.1}, "/data/task_id"),
        ("task_progress", {"task_id": "x" * 513}, "/data/task_id"),
        ("task_progress", {"progress": True}, "/data/progress"),
        ("task_progress", {"progress": "half"}, "/data/progress"),
        ("task_progress", {"progress": 150}, "/data/progress"),
        ("task_created", {"depends_on": ["a", 7, None, {"id": "b"}]}, "/data/depends_on/3"),
        ("task_created", {"depends_on": "[77, 78]"}, "/data/depends_on"),
        ("task_created", {"labels": "a,b"}, "/data/labels"),
        ("task_created", {"labels": {"a": True}}, "/data/labels"),
        ("task_blocked", {"severity": "urgent"}, "/data/severity"),
        ("task_blocked", {"description": ["a"]}, "/data/description"),
        ("deploy_finished", {"agent_id": ["a"]}, "/data/agent_id"),
        ("kanban_error", {"error": {"code": 7}}, "/data/error"),
    ],
)
def test_the_rest_is_warned_of_with_its_place(event_type: str, data: dict[str, Any], pointer: str) -> None:
    assert [each.pointer for each in warnings_in(event_type, data, {})] == [pointer]


def test_what_nobody_reads_and_what_says_nothing_is_never_warned_of() -> None:
    assert not warnings_in(
        "deploy_finished", {"progress": {}, "status": [1], "severity": 5, "labels": True}, {"own": [1]}
    )
    for event_type, (in_data, in_metadata) in FIELDS_BY_TYPE.items():
        for blank in (None, "", "  "):
            assert not warnings_in(event_type, dict.fromkeys(in_data, blank), dict.fromkeys(in_metadata, blank))


@given(st.sampled_from([*MEANINGS]), st.data())
def test_warnings_are_few_whatever_is_sent(event_type: str, drawn: st.DataObject) -> None:
    in_data, _ = FIELDS_BY_TYPE[event_type]
    data = {name: drawn.draw(values) for name in in_data}
    assert len(warnings_in(event_type, data, {})) <= len(data)


@given(st.text(max_size=MAX_NAME_BYTES))
def test_a_text_that_is_called_fitting_is_used_as_it_was_sent(text: str) -> None:
    for expectation in FITTING:
        assert len(text) > expectation.fitting_text or expectation.misfit(text) is None


FITTING = [each for fields in FIELDS_BY_NAME.values() for each in fields.values() if each.fitting_text]
