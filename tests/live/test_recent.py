"""The newest events, and what of them programs with equal filters share."""

from __future__ import annotations

import pytest

from marcus_events.core.event import Event, RecordedEvent, utc_now
from marcus_events.core.filters import EventFilter
from marcus_events.live import recent as module
from marcus_events.live.recent import Held, Matching, Recent
from marcus_events.websocket.replay import shared_filter

ALL = EventFilter()
TASKS = EventFilter().with_term("type", "task_*")


def held(position: int, event_type: str = "task_started") -> Held:
    event = Event(f"e{position}", utc_now(), event_type, "agent_1", {}, {})
    return Held.of(RecordedEvent(position, utc_now(), event, None, None, None))


def filled(*event_types: str) -> Recent:
    recent = Recent()
    recent.add([held(n, event_type) for n, event_type in enumerate(event_types, 1)])
    return recent


def positions(found: Matching | None) -> list[int] | None:
    return None if found is None else [each.position for each in found.events]


def test_those_that_match_are_found_in_order_and_how_far_it_was_looked() -> None:
    recent = filled("task_a", "other", "task_b", "other")
    found = recent.matching(TASKS, 0, 10)
    assert (positions(found), found and found.through) == ([1, 3], 4)
    assert positions(recent.matching(ALL, 2, 10)) == [3, 4]


def test_at_the_end_there_is_nothing_and_before_the_start_nobody_knows() -> None:
    recent = filled("task_a", "task_b")
    at_the_end = recent.matching(ALL, 2, 10)
    assert (positions(at_the_end), at_the_end and at_the_end.through) == ([], None)
    recent.begin(5)
    assert recent.matching(ALL, 4, 10) is None


def test_equal_filters_at_the_same_position_are_compared_once() -> None:
    recent = filled("task_a", "other")
    first, second = (shared_filter(EventFilter().with_term("type", "task_*")) for _ in range(2))
    assert first is second
    assert recent.matching(first, 0, 10) is recent.matching(second, 0, 10)
    assert positions(recent.matching(ALL, 0, 10)) == [1, 2]
    assert positions(recent.matching(first, 1, 10)) == []


def test_nothing_that_was_shared_outlives_the_next_events_or_their_end() -> None:
    recent = filled("task_a")
    assert positions(recent.matching(TASKS, 0, 10)) == [1]
    recent.add([held(2)])
    assert positions(recent.matching(TASKS, 0, 10)) == [1, 2]
    recent.begin(2)
    assert recent.matching(TASKS, 0, 10) is None


def test_what_is_shared_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SHARED", 3)
    recent = filled(*["task_a"] * 10)
    for position in range(10):
        recent.matching(ALL, position, 10)
        assert len(recent._shared) <= 3
