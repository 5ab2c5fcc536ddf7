"""What pages and the API say of a board's connection, its kind and its external ids."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from marcus_events.access import tokens
from marcus_events.core.event import Event
from tests.api.program import Program
from tests.dashboard.publishing import completions, event, project, publish, resolution
from tests.dashboard.reading import open_page

PATTERN = "https://tickets.example/browse/{external_id}"


@pytest.fixture
def program(log: None) -> Program:
    return Program(tokens.create("reader", ["read"]))


def lost() -> list[Event]:
    return [
        event("kanban_connected", ago=40),
        event("kanban_error", ago=13, error="Planka does not answer"),
        event("fallback_mode", ago=12, reason="no board"),
    ]


def text(viewer: Client, path: str) -> str:
    return " ".join(open_page(viewer, path).text.split())


def test_before_anything_is_known_nothing_is_said(viewer: Client) -> None:
    publish(*project())
    for path in ("/", "/boards/", "/boards/shop/"):
        assert "fallback" not in text(viewer, path)
        assert "connected since" not in text(viewer, path)


def test_a_board_that_is_connected_says_since_when(viewer: Client) -> None:
    publish(*project(), event("kanban_connected", ago=40))
    assert "Marcus connected since" in text(viewer, "/boards/shop/")
    assert "This board may be out of date" not in text(viewer, "/")


def test_a_board_that_lost_its_connection_falls_back_and_recovers(viewer: Client, program: Program) -> None:
    publish(*project(), *lost())
    assert "The shop has been in fallback mode for 12 min. Its data may be out of date." in text(viewer, "/")
    board = text(viewer, "/boards/shop/")
    assert "In fallback mode for 12 min. This board may be out of date. Reason: no board" in board
    assert "Marcus has been disconnected from this board since" in board
    assert "Planka does not answer" in board
    assert "In fallback mode for 12 min" in text(viewer, "/boards/")
    [found] = program.read("/api/boards")["boards"]
    assert (found["connection"]["status"], found["connection"]["error"]) == ("lost", "Planka does not answer")
    assert (found["fallback"]["reason"], bool(found["fallback"]["since"])) == ("no board", True)

    publish(event("kanban_connected", ago=1))
    assert "may be behind" not in text(viewer, "/")
    assert "Last error" in text(viewer, "/boards/shop/")
    [found] = program.read("/api/boards")["boards"]
    assert (found["connection"]["status"], found["fallback"]) == ("connected", {"since": None, "reason": None})


def test_a_connection_that_is_lost_is_news_too(viewer: Client) -> None:
    publish(*project(), *lost()[:2])
    assert "The shop lost its connection to Marcus 13 min ago. Its data may be out of date." in text(viewer, "/")


def test_a_board_on_which_nothing_is_left_to_do_is_no_news(viewer: Client) -> None:
    publish(*project(), resolution(), *completions(), *lost())
    assert "may be behind" not in text(viewer, "/")
    assert "In fallback mode" in text(viewer, "/boards/shop/")


def test_now_says_nothing_of_another_board(viewer: Client) -> None:
    publish(*project(), *project("bank"), *lost())
    assert "may be behind" not in text(viewer, "/?board=bank")


def test_an_external_id_leads_where_the_board_says(viewer: Client, program: Program) -> None:
    ticket: dict[str, Any] = {"external_id": "TICKET-456/x", "sync_status": "pending"}
    about = {"board_type": "planka", "external_id": "PAY", "sync_status": "synced", "external_url": PATTERN}
    publish(*project(), event("kanban_updated", metadata=about), event("task_updated", task_id="shop-3", **ticket))
    for path in ("/boards/shop/", "/tasks/?board=shop&task=shop-3"):
        page = open_page(viewer, path)
        [link] = [it for _, it in page.elements if it.get("href", "").endswith("/browse/TICKET-456%2Fx")]
        assert (link["href"], link["rel"]) == ("https://tickets.example/browse/TICKET-456%2Fx", "noreferrer")
        assert "pending" in page.text
    assert "planka PAY Sync: synced" in text(viewer, "/boards/")
    [task] = program.read("/api/tasks", external="TICKET-456/x")["tasks"]
    assert (task["task_id"], task["external_url"]) == ("shop-3", "https://tickets.example/browse/TICKET-456%2Fx")
    assert program.read("/api/tasks", sync="failed")["tasks"] == []
    [board] = program.read("/api/boards")["boards"]
    assert (board["board_type"], board["external_url"]) == ("planka", "https://tickets.example/browse/PAY")


def test_without_a_pattern_an_external_id_is_text(viewer: Client) -> None:
    publish(*project(), event("project_updated", external_url="javascript:alert('{external_id}')"))
    publish(event("task_updated", task_id="shop-3", external_id="TICKET-456"))
    page = open_page(viewer, "/boards/shop/")
    assert "TICKET-456" in page.text
    assert "javascript:" not in " ".join(page.leads())


@pytest.mark.parametrize(("query", "number"), [("external:TICKET-456", 1), ("sync:pending", 2), ("sync:failed", 0)])
def test_events_are_filtered_by_external_id_and_sync_status(
    viewer: Client, program: Program, query: str, number: int
) -> None:
    publish(
        event("task_created", task_id="a", metadata={"external_id": "TICKET-456", "sync_status": "pending"}),
        event("task_created", task_id="b", external_id="TICKET-457", sync_status="pending"),
        event("task_created", task_id="c", note="TICKET-456 failed"),
    )
    assert len(open_page(viewer, "/activity/", {"q": query}).positions()) == number
    assert len(program.read("/api/events", q=query)["events"]) == number
