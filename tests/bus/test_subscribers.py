"""Who hears what: patterns, several types, conditions, boards, decorators."""

from __future__ import annotations

import asyncio
from fnmatch import fnmatchcase
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marcus_events import Event, Events
from marcus_events.bus.subscribers import Handler, handlers_of, remove_handler
from marcus_events.core.event import utc_now
from marcus_events.core.event_types import canonical
from marcus_events.core.filters import EventFilter
from marcus_events.core.patterns import any_like, like
from marcus_events.core.predicates import matcher

SHORT = st.text("ab_*", max_size=6)


@given(SHORT, st.text("ab_", max_size=8))
def test_a_star_stands_for_any_text_and_everything_else_for_itself(pattern: str, text: str) -> None:
    assert like(pattern, text) == fnmatchcase(text, pattern)


@given(st.lists(SHORT.filter(bool), max_size=5), st.lists(st.text("ab_", min_size=1, max_size=4), max_size=10))
def test_the_table_finds_those_whose_pattern_fits_also_after_changes(patterns: list[str], types: list[str]) -> None:
    table: dict[str, list[Any]] = {}
    for pattern in patterns:
        for event_type in types:
            handlers_of(table, event_type)
        table.setdefault(pattern, []).append(pattern)
    for event_type in types:
        found = cast("list[str]", handlers_of(table, event_type))
        assert sorted(found) == sorted(p for p in patterns if p == event_type or like(p, event_type))
    for pattern in patterns:
        remove_handler(table, pattern, cast("Handler", pattern))
    assert [handlers_of(table, event_type) for event_type in types] == [[] for _ in types]


async def test_a_pattern_hears_its_types_and_no_others() -> None:
    events, heard = Events(), list[str]()
    events.subscribe("task_*", lambda event: heard.append(event.event_type))
    for event_type in ("task_started", "agent_registered", "task_", "my_task_started"):
        await events.publish(event_type, "s", {})
    assert heard == ["task_started", "task_"]


async def test_several_types_are_one_subscription_that_is_called_once() -> None:
    events, heard = Events(), list[str]()

    def hear(event: Event) -> None:
        heard.append(event.event_type)

    events.subscribe(["task_*", "task_blocked", "error"], hear)
    for event_type in ("task_blocked", "error", "warning"):
        await events.publish(event_type, "s", {})
    assert heard == ["task_blocked", "error"]
    events.unsubscribe(["task_*", "task_blocked", "error"], hear)
    assert events.subscribers == {}


async def test_who_subscribed_twice_is_called_twice() -> None:
    events, heard = Events(), list[str]()

    def hear(event: Event) -> None:
        heard.append(event.event_type)

    events.subscribe("x", hear)
    events.subscribe("x", hear)
    await events.publish("x", "s", {})
    assert heard == ["x", "x"]


WHERE: list[tuple[Any, list[int]]] = [
    ({"metadata.board_id": "proj_123"}, [0, 2]),
    ({"data.n": 1}, [1]),
    ({"data.n": [0, 1], "source": "s"}, [0, 1]),
    ({"data.deep.er": "x"}, [2]),
    ({"data.missing": None}, [0, 1, 2]),
    ({"metadata.board_id": "proj_123", "data.n": 1}, []),
    (lambda event: event.data["n"] > 0, [1, 2]),
    (EventFilter.parse("board:proj_123"), [0, 2]),
    (EventFilter.parse("task:t1"), [1]),
]


@pytest.mark.parametrize(("where", "wanted"), WHERE)
async def test_conditions_choose_among_events_of_a_type(where: Any, wanted: list[int]) -> None:
    events, heard = Events(), list[int]()
    events.subscribe("x", lambda event: heard.append(event.data["n"]), where=where)
    await events.publish("x", "s", {"n": 0}, {"board_id": "proj_123"})
    await events.publish("x", "s", {"n": 1, "task_id": "t1"}, {"board_id": "other"})
    await events.publish("x", "s", {"n": 2, "deep": {"er": "x"}}, {"board_id": "proj_123"})
    assert heard == wanted


async def test_a_board_is_known_by_its_id_or_its_name_and_by_where_marcus_writes_it() -> None:
    events, heard = Events(), list[int]()
    events.subscribe("*", lambda event: heard.append(event.data["n"]), board="shop")
    await events.publish("x", "s", {"n": 0}, {"board_id": "shop"})
    await events.publish("x", "s", {"n": 1, "project_id": "shop"})
    await events.publish("x", "s", {"n": 2}, {"board_id": "b7", "board_name": "shop"})
    await events.publish("x", "s", {"n": 3}, {"board_id": "other"})
    assert heard == [0, 1, 2]


async def test_decorators_subscribe_and_leave_the_function_as_it_is() -> None:
    events, heard = Events(), list[int]()

    @events.on("task_blocked", where={"data.n": 2})
    async def handle(event: Event) -> None:
        heard.append(event.data["n"])

    for n in range(4):
        await events.publish("task_blocked", "s", {"n": n})
    assert heard == [2]
    await handle(await events.publish("other", "s", {"n": 7}))
    assert heard == [2, 7]


@pytest.mark.parametrize(
    ("mistake", "reason"),
    [
        ({"event_type": []}, "at least one event type"),
        ({"event_type": ""}, "at least one event type"),
        ({"event_type": "x", "where": {"board": 1}}, "is not a field"),
    ],
)
def test_mistakes_are_told_at_once(mistake: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Events().subscribe(handler=print, **mistake)


def test_what_is_no_condition_is_refused() -> None:
    with pytest.raises(TypeError, match="where must be"):
        Events().subscribe("x", print, where=3)  # type: ignore[arg-type]


@given(
    st.lists(st.sampled_from(["task_*", "task_blocked", "*", "error", "a*b"]), min_size=1),
    st.text("abtask_", max_size=12),
)
def test_a_matcher_knows_an_event_by_its_name_and_by_its_producers(patterns: list[str], name: str) -> None:
    matches = matcher(patterns)
    event = Event("e", utc_now(), "task_blocked", "s", {}, {"original_type": name})
    assert matches(Event("e", utc_now(), name, "s", {})) == any_like(patterns, name)
    is_its_name = canonical(name) == "task_blocked"  # any producer may have written it
    assert matches(event) == ((is_its_name and any_like(patterns, name)) or any_like(patterns, "task_blocked"))


def test_handlers_are_called_in_the_order_of_their_subscription() -> None:
    events, heard = Events(), list[str]()
    for name in "abc":
        events.subscribe("x", lambda event, name=name: heard.append(name))  # type: ignore[misc]
    asyncio.run(publish_some(events))
    assert heard == ["a", "b", "c"] * 3


async def publish_some(events: Events) -> None:
    for _ in range(3):
        await events.publish("x", "s", {})
