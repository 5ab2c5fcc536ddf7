"""A look: the same in the address of a page, of its rows and of its WebSocket; and which events it shows."""

from __future__ import annotations

from dataclasses import fields
from urllib.parse import parse_qsl

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from dashboard.live.page_state import MAX_PARAMETER, MAX_QUERY, PageState
from marcus_events.core.event_types import EventTypes as T
from marcus_events.core.filters import InvalidFilter
from marcus_events.core.payload import MAX_NAME_BYTES
from tests.core.drawn_events import recorded, texts

page_states = st.builds(PageState, **{field.name: texts for field in fields(PageState) if field.name != "visibility"})


@given(page_states)
def test_the_query_string_of_a_look_gives_the_look_again(page_state: PageState) -> None:
    assert PageState.from_query(page_state.page, QueryDict(page_state.query())) == page_state
    assert PageState.from_query(page_state.page, dict(parse_qsl(page_state.query()))) == page_state


@given(page_states, texts)
def test_a_changed_look_has_that_change_and_no_other(page_state: PageState, board: str) -> None:
    changed = PageState.from_query(page_state.page, QueryDict(page_state.query(board=board)))
    assert changed.board == board
    assert changed.query(board=page_state.board) == page_state.query()


def test_what_is_empty_or_no_parameter_of_a_look_is_left_out() -> None:
    assert PageState.from_query("now", {"utm_source": "mail", "board": "", "page": "blocked"}) == PageState("now")
    assert PageState("now").query() == ""


def test_a_parameter_is_cut_where_no_person_would_filter_by_it_but_no_id_is() -> None:
    assert len(PageState.from_query("activity", {"type": "x" * 10_000}).type) == MAX_PARAMETER
    assert len(PageState.from_query("activity", {"q": "x" * 10_000}).q) == MAX_QUERY
    assert PageState.from_query("activity", {"task": "x" * MAX_NAME_BYTES}).task == "x" * MAX_NAME_BYTES


def test_what_no_database_can_compare_with_is_left_out() -> None:
    assert PageState.from_query("activity", {"board": "sh\0op"}).board == "sh\N{REPLACEMENT CHARACTER}op"


@pytest.mark.parametrize(
    ("parameters", "shown"),
    [
        ({}, False),
        ({"noise": "1"}, True),
        ({"type": T.TASK_REQUESTED}, True),
        ({"q": f"type:{T.TASK_REQUESTED}"}, True),
        ({"q": "importance:noise"}, True),
        ({"q": f"-type:{T.TASK_BLOCKED}"}, False),
        ({"category": "task"}, False),
        ({"agent": "agent_1"}, False),
    ],
)
def test_noise_is_hidden_until_it_is_asked_for(parameters: dict[str, str], shown: bool) -> None:
    noise = recorded(T.TASK_REQUESTED, {"agent_id": "agent_1"})
    assert PageState.from_query("activity", parameters).filter.matches(noise) is shown


@pytest.mark.parametrize(
    ("parameters", "shown"),
    [
        ({"board": "shop", "task": "cart", "agent": "agent_1", "category": "task", "type": "task_blocked"}, True),
        ({"board": "billing"}, False),
        ({"task": "pay"}, False),
        ({"agent": "agent_2"}, False),
        ({"category": "agent"}, False),
        ({"type": "task_started"}, False),
        ({"q": "type:task_* -agent:1"}, False),
    ],
)
def test_every_parameter_has_to_hold(parameters: dict[str, str], shown: bool) -> None:
    blocked = recorded(T.TASK_BLOCKED, {"task_id": "cart", "agent_id": "agent_1"}, metadata={"board_id": "shop"})
    assert PageState.from_query("activity", parameters).filter.matches(blocked) is shown


def test_a_value_that_looks_like_a_query_is_a_value() -> None:
    odd = recorded(T.TASK_STARTED, {"task_id": 'a,b type:x "'})
    assert PageState.from_query("activity", {"task": 'a,b type:x "'}).filter.matches(odd)


def test_a_query_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(InvalidFilter, match="not a field"):
        _ = PageState.from_query("activity", {"q": "colour:red"}).filter
