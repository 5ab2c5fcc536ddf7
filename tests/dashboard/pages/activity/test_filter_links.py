"""From an event to a filter, and back: only what is like it, all but that, and each filter removed by its chip."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from django.http import QueryDict
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from dashboard.live.page_state import MAX_QUERY, PageState
from dashboard.pages.activity.active_filters import Chip, chips
from dashboard.pages.activity.filter_links import FilterLink, choices
from dashboard.visibility import EVERYTHING
from marcus_events.core.event import EARLIEST, RecordedEvent
from marcus_events.core.event_types import EventTypes as T
from tests.core.drawn_events import names, recorded
from tests.dashboard.publishing import event, project, publish
from tests.dashboard.reading import open_page
from tests.dashboard.scopes import looking

FIELDS = ("type", "agent", "task", "board")
ALL = looking("activity", noise="1")


def made(event_type: str, agent: str, task: str, board: str) -> RecordedEvent:
    return recorded(event_type, {"agent_id": agent, "task_id": task}, metadata={"board_id": board})


def leads_to(query: str) -> PageState:
    return PageState.from_query("activity", QueryDict(query), EVERYTHING)


@given(st.builds(made, names, names, names, names))
def test_however_things_are_called_only_finds_the_event_and_not_leaves_it_out(odd: RecordedEvent) -> None:
    for choice in choices(ALL, odd).values():
        assert leads_to(choice.only).filter.matches(odd)
        assert not leads_to(choice.without).filter.matches(odd)


@pytest.mark.parametrize("field", FIELDS)
def test_what_differs_in_that_field_alone_is_left_out_by_only_and_stays_by_not(field: str) -> None:
    values = dict(zip(FIELDS, ("a_type", "agent_1", "t1", "shop"), strict=True))
    one, other = (made(*(values | {field: value}).values()) for value in ("one", "other"))
    choice = choices(ALL, one)[field]
    assert not leads_to(choice.only).filter.matches(other)
    assert leads_to(choice.without).filter.matches(other)


def test_what_was_filtered_by_before_is_kept_and_what_it_was_narrowed_to_can_be_left_out() -> None:
    page_state = looking("activity", q='"two words" since:2h', type=T.TASK_STARTED, noise="1")
    choice = choices(page_state, made(T.TASK_STARTED, "agent_1", "t1", "shop"))
    assert leads_to(choice["task"].only) == replace(page_state, task="t1", board="shop")
    assert leads_to(choice["agent"].without).q == f"{page_state.q} -agent:agent_1"
    assert leads_to(choice["type"].without).type == ""
    assert leads_to(choice["board"].without).type == T.TASK_STARTED


def test_a_task_is_one_of_its_board() -> None:
    found = leads_to(choices(ALL, made(T.TASK_STARTED, "agent_1", "t1", "shop"))["task"].only)
    assert (found.task, found.board) == ("t1", "shop")


def test_what_the_query_has_no_room_for_and_what_reads_as_a_pattern_is_not_offered() -> None:
    full = looking("activity", q="x" * (MAX_QUERY - 3))
    offered = choices(full, made("any*thing", "agent_1", "t1", "shop"))
    assert offered.keys() == {"agent", "task", "board"}
    assert {choice.without for choice in offered.values()} == {""}
    assert leads_to(offered["agent"].only).agent == "agent_1"


def test_a_query_that_cannot_be_read_is_not_added_to() -> None:
    choice: FilterLink = choices(looking("activity", q='"open'), made(T.TASK_STARTED, "agent_1", "t1", "shop"))["type"]
    assert choice.without == ""


def in_words(page_state: PageState) -> list[str]:
    return [f"{'not ' if chip.excludes else ''}{chip.title}: {chip.words}" for chip in chips(page_state)]


@pytest.fixture
def shop(log: None) -> None:
    publish(*project())


@pytest.mark.usefixtures("shop")
def test_every_filter_is_a_chip_in_the_words_of_the_rows() -> None:
    page_state = looking("activity", q="", type=T.TASK_BLOCKED, agent="agent_shop", task="shop-2", board="shop")
    assert in_words(page_state) == [
        "Type: Task blocked",
        "Agent: Claude of shop",
        "Task: Build shop-2",
        "Board: The shop",
    ]


@pytest.mark.usefixtures("shop")
def test_so_is_every_word_of_the_query() -> None:
    query = '-type:task_progress,task_* -agent:agent_9,agent_shop "two words" -board_id:shop since:2h category:task'
    assert in_words(looking("activity", q=query)) == [
        "not Type: Progress or task_*",
        "not Agent: 9 or Claude of shop",
        "Words: “two words”",
        "not Board: The shop",
        "Since: 2h ago",
        "Category: task",
    ]
    [until] = chips(looking("activity", q=f"until:{EARLIEST.isoformat().replace('+00:00', 'Z')}"))
    assert until.moment == EARLIEST


def removed(chip: Chip) -> PageState:
    return leads_to(chip.remove)


@pytest.mark.usefixtures("log")
def test_a_chip_takes_out_its_own_filter_and_leaves_the_others_as_they_were_written() -> None:
    page_state = looking("activity", q='-type:"a b"  since:2h "x"', type="error", task="t1", noise="1")
    of_type, of_task, *of_query = chips(page_state)
    assert (removed(of_type).type, removed(of_type).task, removed(of_type).q) == ("", "t1", page_state.q)
    assert removed(of_task).task == ""
    assert [removed(chip).q for chip in of_query] == ['since:2h "x"', '-type:"a b" "x"', '-type:"a b" since:2h']


@pytest.mark.usefixtures("log")
def test_a_query_that_cannot_be_read_has_no_chips_and_the_others_stay() -> None:
    [chip] = chips(looking("activity", q='type:error "open', agent="agent_1"))
    assert (chip.title, removed(chip).q) == ("Agent", 'type:error "open')


def test_an_event_offers_to_narrow_the_page_that_it_is_opened_from(viewer: Client) -> None:
    [*_, position] = publish(*project(), event("task_started", task_id="shop-3", agent_id="agent_shop"))
    for address in (f"/activity/{position}/narrow/?q=since:2h", f"/activity/{position}/?q=since:2h"):
        leads = [lead for lead in open_page(viewer, address).leads() if "2h" in lead]
        assert len(leads) >= 8
        assert all(open_page(viewer, lead).with_id("stream") for lead in leads if urlsplit(lead).path == "/activity/")
    assert viewer.get("/activity/9999/narrow/").status_code == 404
