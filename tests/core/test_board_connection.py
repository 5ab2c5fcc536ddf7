"""A board that loses its connection, works in fallback mode and recovers; and what else Marcus says of boards."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from marcus_events.core.external_links import build_url, is_pattern
from marcus_events.core.reducers import fold
from marcus_events.core.state import BoardState, State, TaskState
from tests.core.drawn_events import START, recorded

PATTERN = "https://tickets.example/browse/{external_id}"


class Story:
    """One board, told event by event, a minute apart."""

    def __init__(self) -> None:
        self.state, self.minute = State(), 0

    def tell(
        self, event_type: str, board: str | None = "pay", metadata: dict[str, Any] | None = None, **data: Any
    ) -> BoardState:
        self.minute += 1
        about = ({"board_id": board} if board else {}) | (metadata or {})
        fold(self.state, recorded(event_type, data, position=self.minute, metadata=about, at=60 * self.minute))
        found = self.state.board("pay")
        assert found
        return found

    def task(self) -> TaskState:
        found = self.state.task("pay", "t1")
        assert found
        return found


@pytest.fixture
def story() -> Story:
    told = Story()
    told.tell("project_created")
    return told


def at(minute: int) -> Any:
    return START + timedelta(minutes=minute)


def test_a_board_loses_its_connection_falls_back_and_recovers(story: Story) -> None:
    board = story.tell("kanban_connected")
    assert (board.connection, board.connection_since) == ("connected", at(2))
    story.tell("kanban_error", error="timeout")
    board = story.tell("kanban_error", error="refused")
    assert (board.connection, board.connection_since) == ("lost", at(3))
    assert (board.connection_error, board.connection_error_at) == ("refused", at(4))
    story.tell("fallback_mode", reason="Planka is away")
    board = story.tell("fallback_mode")
    assert (board.fallback_since, board.fallback_reason) == (at(5), "Planka is away")
    board = story.tell("kanban_connected")
    assert (board.connection, board.connection_since, board.fallback_since) == ("connected", at(7), None)
    assert (board.connection_error, board.connection_error_at, board.fallback_reason) == ("refused", at(4), "")


def test_an_update_says_that_the_board_is_connected(story: Story) -> None:
    story.tell("kanban_error", message="timeout")
    board = story.tell("kanban_updated")
    assert (board.connection, board.connection_error) == ("connected", "timeout")


def test_fallback_mode_may_be_said_to_have_ended(story: Story) -> None:
    story.tell("kanban_error")
    story.tell("fallback_mode")
    board = story.tell("fallback_mode", active=False)
    assert (board.fallback_since, board.connection) == (None, "lost")


@pytest.mark.parametrize("event_type", ["kanban_error", "fallback_mode", "kanban_connected"])
def test_what_names_no_board_is_about_none(story: Story, event_type: str) -> None:
    board = story.tell(event_type, board=None)
    assert (board.connection, board.fallback_since) == ("", None)


def test_a_board_has_a_kind_an_external_id_and_a_status(story: Story) -> None:
    ticket = {"board_type": "planka", "external_id": "PAY", "sync_status": "pending", "external_url": PATTERN}
    board = story.tell("kanban_updated", metadata=ticket)
    assert (board.board_type, board.external_id, board.sync_status, board.external_url) == (
        "planka",
        "PAY",
        "pending",
        PATTERN,
    )
    board = story.tell("kanban_updated", sync_status="synced")
    assert (board.external_id, board.sync_status) == ("PAY", "synced")


def test_of_a_tasks_event_they_are_the_tasks(story: Story) -> None:
    story.tell("task_created", task_id="t1", metadata={"external_id": "TICKET-456", "sync_status": "pending"})
    assert (story.task().external_id, story.task().sync_status) == ("TICKET-456", "pending")
    board = story.tell("kanban_updated", task_id="t1", sync_status="failed")
    assert (story.task().external_id, story.task().sync_status) == ("TICKET-456", "failed")
    assert (board.external_id, board.sync_status) == ("", "")


def test_what_was_refused_says_nothing_of_a_task(story: Story) -> None:
    story.tell("task_created", task_id="t1")
    story.tell("report_refused", task_id="t1", external_id="TICKET-1")
    assert story.task().external_id == ""


@pytest.mark.parametrize(
    "text",
    [
        "http://tickets.example/{external_id}",
        "javascript:alert({external_id})",
        "JAVASCRIPT:alert('{external_id}')",
        "data:text/html,{external_id}",
        "//tickets.example/{external_id}",
        "https://tickets.example/browse/",
        "https://{external_id}/",
        "https://{external_id}.example/{external_id}",
        "https://ada:secret@tickets.example/{external_id}",
        "https://tickets.example\\@evil.example/{external_id}",
        "https://tickets.example/{external_id}\n",
        " https://tickets.example/{external_id}",
        'https://tickets.example/{external_id}" onclick="x',
        "https://tickets.example/\u202e{external_id}",
        "https://tickets.example/{external_id}" + "a" * 500,
    ],
)
def test_only_an_address_on_the_web_is_a_pattern(story: Story, text: str) -> None:
    assert not is_pattern(text)
    assert build_url(text, "1") == ""
    assert story.tell("project_updated", external_url=text).external_url == ""


@pytest.mark.parametrize(
    ("external_id", "where"),
    [
        ("TICKET-456", "TICKET-456"),
        ("a/../b?c#d", "a%2F..%2Fb%3Fc%23d"),
        ('"><script>', "%22%3E%3Cscript%3E"),
        ("é {external_id}", "%C3%A9%20%7Bexternal_id%7D"),
    ],
)
def test_an_id_stays_in_its_place(external_id: str, where: str) -> None:
    assert build_url(PATTERN, external_id) == f"https://tickets.example/browse/{where}"


@pytest.mark.parametrize("external_id", ["", ".", ".."])
def test_an_id_that_would_lead_elsewhere_has_no_address(external_id: str) -> None:
    assert build_url(PATTERN, external_id) == ""
