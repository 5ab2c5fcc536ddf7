"""GET /api/events: what each filter finds, and pages that stay true while events arrive."""

from __future__ import annotations

import os
from typing import Any

import pytest
from django.db import connection
from django.test import RequestFactory

from marcus_events.api.events import events as listed
from marcus_events.log import read
from marcus_events.log.rows import rows
from marcus_events.search import execute
from tests.api.program import Program, assert_problem, at, event

ENDLESS = 2**63 - 2


@pytest.fixture
def filled(program: Program) -> Program:
    """Six events, an hour apart."""
    program.publish(
        at("2026-05-04T09:00:00Z", event("project_created", board="shop", project_name="The shop")),
        at("2026-05-04T10:00:00Z", event("task_created", task_id="t1", task_name="Build the cart")),
        at("2026-05-04T11:00:00Z", event("task_started", task_id="t1", agent_id="agent_claude_2")),
        at("2026-05-04T12:00:00Z", event("task_blocked", task_id="t1", agent_id="agent_claude_2")),
        at("2026-05-04T13:00:00Z", event("nightly_backup", board="billing") | {"source": "cron"}),
        at("2026-05-04T14:00:00Z", event("server_startup", board="") | {"source": "marcus"}),
    )
    return program


def positions(answer: dict[str, Any]) -> list[int]:
    return [found["position"] for found in answer["events"]]


def test_an_event_is_shown_with_the_documented_fields_and_what_the_log_added(filled: Program) -> None:
    shown = filled.read("/api/events/4")
    assert set(shown) == {
        *("event_id", "event_type", "source", "timestamp", "data", "metadata"),
        *("position", "recorded_at", "category"),
    }
    assert shown["timestamp"] == "2026-05-04T12:00:00+00:00"
    assert (shown["position"], shown["category"]) == (4, "task")
    assert shown["data"] == {"task_id": "t1", "agent_id": "agent_claude_2"}
    assert shown in filled.read("/api/events")["events"]


@pytest.mark.parametrize("position", ["0", "7", "99999999999999999999999999"])
def test_where_there_is_no_event_it_is_said(filled: Program, position: str) -> None:
    assert_problem(filled.get(f"/api/events/{position}"), 404, "There is no event at this position.")


FOUND: list[tuple[dict[str, Any], list[int]]] = [
    ({}, [6, 5, 4, 3, 2, 1]),
    ({"type": "task_blocked"}, [4]),
    ({"type": "task_*"}, [4, 3, 2]),
    ({"type": "task_blocked,nightly_backup"}, [5, 4]),
    ({"type": ["task_blocked", "nightly_backup"]}, [5, 4]),
    ({"type": "system_startup"}, [6]),
    ({"type": "server_startup"}, []),
    ({"category": "task"}, [4, 3, 2]),
    ({"category": "other"}, [5]),
    ({"source": "cron"}, [5]),
    ({"source": "agent_*"}, [4, 3, 2, 1]),
    ({"board": "shop"}, [4, 3, 2, 1]),
    ({"board": "The shop"}, [4, 3, 2, 1]),
    ({"board": "billing"}, [5]),
    ({"board": "nowhere"}, []),
    ({"task": "t1"}, [4, 3, 2]),
    ({"agent": "claude_2"}, [4, 3]),
    ({"agent": "agent_claude_2"}, [4, 3]),
    ({"since": "2026-05-04T12:00:00Z"}, [6, 5, 4]),
    ({"until": "2026-05-04T12:00:00Z"}, [3, 2, 1]),
    ({"since": "2026-05-04T11:00:00Z", "until": "2026-05-04T15:00:00+02:00"}, [4, 3]),
    ({"since": "5000w"}, [6, 5, 4, 3, 2, 1]),
    ({"q": "type:task_* -type:task_blocked"}, [3, 2]),
    ({"q": 'board:"The shop" agent:claude_2', "type": "task_started"}, [3]),
    ({"q": "since:2026-05-04T12:00:00Z", "since": "2026-05-04T13:00:00Z"}, [6, 5]),
    ({"after": 4}, [5, 6]),
    ({"after": 4, "order": "desc"}, [6, 5]),
    ({"before": 3}, [2, 1]),
    ({"before": 3, "order": "asc"}, [1, 2]),
    ({"after": 2, "before": 5}, [3, 4]),
    ({"after": 6}, []),
    ({"after": ENDLESS}, []),
    ({"before": ENDLESS, "limit": 1000}, [6, 5, 4, 3, 2, 1]),
    ({"before": 0}, []),
    ({"after": 0, "limit": 2}, [1, 2]),
    ({"limit": 1}, [6]),
]


def test_a_filter_finds_what_it_asks_for(filled: Program) -> None:
    for query, found in FOUND:
        assert positions(filled.read("/api/events", **query)) == found, query


MISTAKES: list[tuple[dict[str, str], str]] = [
    ({"limit": "0"}, "limit must be a whole number from 1 to 1000"),
    ({"limit": "1001"}, "limit must be a whole number from 1 to 1000"),
    ({"limit": "-1"}, "limit must be"),
    ({"limit": "1e2"}, "limit must be"),
    ({"limit": "ten"}, "limit must be"),
    ({"limit": "٣"}, "limit must be"),
    ({"limit": "9" * 5_000}, "limit must be"),
    ({"after": "x"}, "after must be a whole number from 0 to"),
    ({"after": "-1"}, "after must be"),
    ({"before": "1.5"}, "before must be"),
    ({"before": str(2**63)}, "before must be"),
    ({"order": "up"}, "order must be one of asc, desc"),
    ({"since": "lately"}, "since cannot be read: “lately” is not an ISO 8601 timestamp"),
    ({"since": "2026-05-04T09:00:00"}, "since cannot be read: “2026-05-04T09:00:00” has no time zone"),
    ({"until": "2026-05-04T09:00:00 00:00"}, "in a URL, write a time with Z, or + as %2B"),
    ({"until": "9999-12-31T23:59:59Z"}, "until cannot be read"),
    ({"q": "blocked:"}, "q cannot be read: “blocked:” is not a field:value pair"),
    ({"q": "colour:red"}, "q cannot be read: “colour” is not a field"),
    ({"q": 'board:"x'}, "q cannot be read: a quotation mark is not closed"),
    ({"q": "type:a\0"}, "q contains the character NUL"),
    ({"type": "a\0"}, "type contains the character NUL"),
    ({"board": "a\0"}, "board contains the character NUL"),
    ({"q": "word " * 21}, "q cannot be read: the query has more than 20 words"),
    ({"type": "a*," * 201}, "type has more than 200 values"),
]


def test_a_parameter_that_makes_no_sense_is_refused_by_its_name(program: Program) -> None:
    for query, detail in MISTAKES:
        body = assert_problem(program.get("/api/events", **query), 422, detail)
        assert [body["parameter"]] == list(query)


def test_a_hostile_value_finds_nothing_and_breaks_nothing(filled: Program) -> None:
    for hostile in ("' OR 1=1 --", "%", "_", "\\", "%s", b"\xed\xa0\xbd", "é" * 2_000):
        for name in ("type", "source", "board", "task", "agent", "category"):
            assert positions(filled.read("/api/events", **{name: hostile})) == []


def test_pages_lead_back_to_the_first_event_while_new_ones_arrive(filled: Program) -> None:
    page = filled.read("/api/events", limit=2)
    seen = positions(page)
    while page["next"] is not None:
        filled.post(event())
        page = filled.read("/api/events", limit=2, before=page["next"])
        seen += positions(page)
    assert seen == [6, 5, 4, 3, 2, 1]


def test_pages_lead_forward_and_a_reader_goes_on_from_its_last_position(filled: Program) -> None:
    page = filled.read("/api/events", after=0, limit=2)
    seen = positions(page)
    while page["next"] is not None:
        page = filled.read("/api/events", after=page["next"], limit=2)
        seen += positions(page)
    assert seen == [1, 2, 3, 4, 5, 6]
    filled.post(event())
    assert positions(filled.read("/api/events", after=seen[-1])) == [7]


def test_a_filtered_page_ends_where_nothing_more_matches(filled: Program) -> None:
    page = filled.read("/api/events", type="task_*", limit=3)
    assert (positions(page), page["next"]) == ([4, 3, 2], None)
    page = filled.read("/api/events", type="task_*", limit=2)
    assert (positions(page), page["next"]) == ([4, 3], 3)


def test_the_head_is_the_newest_position_whatever_the_filter(filled: Program) -> None:
    assert filled.read("/api/events", type="nothing")["head"] == 6


def test_an_empty_log_is_an_empty_page(program: Program) -> None:
    assert program.read("/api/events") == {"events": [], "next": None, "head": 0}


@pytest.mark.parametrize("path", ["/api/events", "/api/events/1", "/api/boards"])
def test_another_method_is_refused_with_those_that_work(program: Program, path: str) -> None:
    for method in ("put", "patch", "delete", "trace"):
        response = getattr(program.client, method)(path, headers=program.headers)
        assert_problem(response, 405, "Use GET")
        assert response["Allow"] == ("GET, POST, HEAD, OPTIONS" if path == "/api/events" else "GET, HEAD, OPTIONS")


def test_head_and_options_say_what_get_would(filled: Program) -> None:
    response = filled.client.head("/api/events", headers=filled.headers)
    assert (response.status_code, response.content) == (200, b"")
    assert Program(None).client.head("/api/events").status_code == 401
    response = filled.client.options("/api/events")
    assert (response.status_code, response["Allow"], response.content) == (204, "GET, POST, HEAD, OPTIONS", b"")


@pytest.mark.parametrize("path", ["", "events/", "events/x", "events/-1", "nothing", "%00", "events/1/2"])
def test_an_address_that_is_none_is_a_problem_and_no_page(path: str) -> None:
    assert_problem(Program(None).get(f"/api/{path}"), 404, "does not exist")


def large(name: str, size: int = 240 * 1024, text: str = "") -> dict[str, Any]:
    return event("backup_made", name, text=text or os.urandom(size // 2).hex())


def test_a_page_of_large_events_ends_before_its_limit_and_the_next_goes_on_from_there(program: Program) -> None:
    for n in range(12):
        program.publish(*(large(f"{n}-{m}") for m in range(4)))
    program.publish(event("small"))
    for order, pager in (("asc", "after"), ("desc", "before")):
        seen: list[int] = []
        query: dict[str, Any] = {"order": order, "limit": 1_000}
        while True:
            response = program.get("/api/events", **query)
            assert len(response.content) < 5 * 1024 * 1024
            page = response.json()
            assert page["events"]
            seen += positions(page)
            if page["next"] is None:
                break
            query |= {pager: page["next"]}
        assert seen == sorted(range(1, 50), reverse=order == "desc")


def test_a_page_is_no_larger_where_the_database_keeps_its_events_compressed(program: Program) -> None:
    for n in range(12):
        program.publish(*(large(f"{n}-{m}", text="a" * 240 * 1024) for m in range(4)))
    page = program.read("/api/events", limit=1_000)
    assert len(page["events"]) < 20
    assert page["next"] == page["events"][-1]["position"]
    links = program.client.get(
        "/api/events?limit=1000",
        headers=program.headers | {"Accept": "application/cloudevents-batch+json"},
    )["Link"]
    assert f"before={page['next']}" in links


def test_while_an_answer_is_on_its_way_it_keeps_no_connection_to_the_database(filled: Program) -> None:
    """Ten who read slowly would have all that there are."""
    response = listed(RequestFactory().get("/api/events", headers=filled.headers))
    assert response.status_code == 200
    assert connection.connection is None


@pytest.mark.parametrize(
    "path", ["events", "events/1", "events/wait", "boards", "tasks", "blockers", "agents", "counters"]
)
def test_a_parameter_that_is_none_is_refused_with_those_that_there_are(program: Program, path: str) -> None:
    """`tpye=task_*` would choose everything, and who asks would not notice."""
    body = assert_problem(program.get(f"/api/{path}", tpye="task_*"), 422, "tpye is not a parameter of this endpoint")
    assert body["parameter"] == "tpye"
    assert "it takes " in body["detail"]


def test_at_the_apis_own_address_there_is_nothing_either(program: Program) -> None:
    assert_problem(program.get("/api"), 404, "/api does not exist.")


def test_a_search_that_takes_too_long_is_refused_and_says_what_to_narrow(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read, "page_at", lambda *_, **__: rows("SELECT pg_sleep(60)", [], None))
    monkeypatch.setattr(execute, "TIMEOUT_S", 0.05)
    for path, after in (("/api/events", {}), ("/api/events/wait", {"after": "0"})):
        response = program.get(path, q="word", **after)
        assert_problem(response, 503, "Narrow it")
        assert "Retry-After" not in response
