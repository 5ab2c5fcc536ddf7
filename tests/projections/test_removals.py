"""Removed boards are a table: an unknown one cannot be removed, and no statement grows with how many there are."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from marcus_events import search
from marcus_events.core.event import Event, utc_now
from marcus_events.core.filters import EventFilter
from marcus_events.core.reserved import Authority
from marcus_events.ingest import ingest
from marcus_events.log import board_removals, event_counts, read
from marcus_events.models import BoardRemoval
from marcus_events.projections import PROJECTIONS, STATE, catch_up, rebuild

pytestmark = pytest.mark.usefixtures("log")


def event(number: int, event_type: str, board: str) -> Event:
    return Event(f"e{number}", utc_now(), event_type, "marcus", {"task_id": "t"}, {"board_id": board})


def logged(*events: Event) -> None:
    ingest(events, Authority.SYSTEM)
    catch_up(PROJECTIONS)


def removed() -> list[tuple[str, int]]:
    return list(BoardRemoval.objects.order_by("position").values_list("board_id", "position"))


def test_a_board_that_is_not_known_cannot_be_removed() -> None:
    logged(event(1, "board_removed", "ghost"), event(2, "task_created", "shop"), event(3, "board_removed", "shop"))
    logged(event(4, "board_removed", "shop"))
    assert removed() == [("shop", 3)]
    assert [shown.position for shown in search.page(EventFilter(), limit=9).events] == []


def test_a_board_may_come_again_and_be_removed_again() -> None:
    logged(*(event(n, "board_removed" if n % 2 == 0 else "task_created", "shop") for n in range(1, 6)))
    assert removed() == [("shop", 2), ("shop", 4)]
    assert board_removals.last_removals(["shop", "ghost"]) == board_removals.all_if_few(1) == {"shop": 4}
    assert [shown.position for shown in search.page(EventFilter(), limit=9).events] == [5]
    rebuild(STATE)
    assert removed() == [("shop", 2), ("shop", 4)]


def test_in_the_past_only_what_was_removed_by_then_is_hidden() -> None:
    logged(event(1, "task_created", "shop"), event(2, "task_created", "bank"), event(3, "board_removed", "shop"))
    everything = EventFilter()
    assert event_counts.count_by_type(everything, before=3) == {"task_created": 2}
    assert event_counts.count_by_type(everything, before=4) == {"task_created": 1}
    of_third = read.event(3)
    assert of_third
    assert event_counts.count_by_type(EventFilter(until=of_third.timestamp)) == {"task_created": 2}
    assert event_counts.count_by_type(EventFilter(until=utc_now())) == {"task_created": 1}


def statements(ask: Any) -> int:
    """How many bytes are sent to the database."""
    with CaptureQueriesContext(connection) as captured:
        ask()
    return sum(len(query["sql"]) for query in captured)


def test_no_statement_grows_with_the_number_of_removals() -> None:
    logged(event(0, "task_created", "shop"), *(event(n, "board_removed", f"ghost-{n}") for n in range(1, 500)))

    def ask() -> None:
        assert [shown.position for shown in search.page(EventFilter(), limit=9).events] == [1]
        assert [shown.position for shown in search.page(EventFilter.parse("type:task_created"), limit=9).events] == [1]
        assert event_counts.count_after(EventFilter(), 0, 10, hide_removed=True) == 1

    few = statements(ask)
    BoardRemoval.objects.bulk_create(
        BoardRemoval(board_id=f"board-{n}", position=400, time=utc_now()) for n in range(7_000)
    )
    assert board_removals.all_if_few(32) is None
    assert statements(ask) < few + 1_000
