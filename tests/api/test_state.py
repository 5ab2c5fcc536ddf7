"""What is so, now and as of any moment: boards, tasks, blockers, agents, counters."""

from __future__ import annotations

from typing import Any

import pytest

from marcus_events.core.event import Event, parse_timestamp, utc_now
from marcus_events.core.reserved import Authority
from marcus_events.ingest import event_from, ingest, log_refused
from marcus_events.projections import PROJECTIONS, catch_up
from tests.api.program import Program, assert_problem, at, event

COMPLAINT = {"task_id": "cart", "agent_id": "agent_1", "description": "No key", "severity": "high"}
STORY = [
    at("2026-05-04T09:00:00.123456Z", event("project_created", project_name="The shop")),
    at("2026-05-04T09:01:00Z", event("task_created", task_id="cart", task_name="Build the cart", priority="high")),
    at("2026-05-04T09:02:00Z", event("task_created", task_id="pay", task_name="Pay", depends_on=["cart"])),
    at("2026-05-04T09:03:00Z", event("agent_registered", agent_id="agent_1", name="Claude", role="Dev", skills=["py"])),
    at("2026-05-04T09:04:00Z", event("task_started", task_id="cart", agent_id="agent_1")),
    at("2026-05-04T09:05:00.654321Z", event("task_blocked", "b1", **COMPLAINT)),
    at("2026-05-04T09:06:00Z", event("blocker_suggestion", task_id="cart", suggestion={"steps": ["Ask"]})),
    at("2026-05-04T09:07:00Z", event("blocker_resolved", task_id="cart", resolution="Here it is")),
    at("2026-05-04T09:08:00Z", event("task_completed", task_id="cart", agent_id="agent_1")),
    at("2026-05-04T09:09:00Z", event("task_created", board="billing", task_id="cart", task_name="Another cart")),
]
BLOCKED = 6  # the position of the complaint


@pytest.fixture
def told(program: Program) -> Program:
    program.publish(*STORY)
    return program


def only(answer: dict[str, Any]) -> Any:
    assert answer.pop("next") is None
    (rows,) = answer.values()
    assert len(rows) == 1, rows
    return rows[0]


def test_a_board_and_how_its_tasks_stand(told: Program) -> None:
    assert only(told.read("/api/boards", board="shop")) == {
        "board_id": "shop",
        "name": "The shop",
        "demo": False,
        "created_at": "2026-05-04T09:00:00.123456+00:00",
        "board_type": None,
        "external_id": None,
        "external_url": None,
        "sync_status": None,
        "connection": {"status": None, "since": None, "error": None, "error_at": None},
        "fallback": {"since": None, "reason": None},
        "tasks": {"total": 2, "done": 1, "todo": 1},
    }
    assert [row["board_id"] for row in told.read("/api/boards")["boards"]] == ["shop", "billing"]


def test_a_task_with_all_that_is_known_of_it(told: Program) -> None:
    cart, pay = told.read("/api/tasks", board="shop")["tasks"]
    assert cart == {
        "task_id": "cart",
        "name": "Build the cart",
        "description": "",
        "board_id": "shop",
        "status": "done",
        "since": "2026-05-04T09:08:00+00:00",
        "agent_id": "agent_1",
        "progress": 100.0,
        "priority": "high",
        "labels": [],
        "parent_task_id": None,
        "depends_on": [],
        "waiting_behind": 0,
        "created_at": "2026-05-04T09:01:00+00:00",
        "external_id": None,
        "external_url": None,
        "sync_status": None,
    }
    assert (pay["status"], pay["agent_id"], pay["depends_on"]) == (
        "todo",
        None,
        [{"task_id": "cart", "board_id": "shop"}],
    )


def test_what_waits_behind_a_task_is_of_its_own_board(told: Program) -> None:
    tasks = told.read("/api/tasks", as_of=len(STORY))["tasks"] + told.read("/api/tasks", as_of=BLOCKED)["tasks"]
    behind = [(task["board_id"], task["task_id"], task["status"], task["waiting_behind"]) for task in tasks]
    assert behind == [
        ("shop", "cart", "done", 0),
        ("shop", "pay", "todo", 0),
        ("billing", "cart", "todo", 0),
        ("shop", "cart", "blocked", 1),
        ("shop", "pay", "todo", 0),
    ]


def test_two_boards_may_use_the_same_ids(told: Program) -> None:
    told.publish(event("task_created", board="billing", task_id="pay", depends_on=["cart"]))
    told.publish(event("task_created", board="billing", task_id="mail", depends_on=["pay"]))
    behind = {task["task_id"]: task["waiting_behind"] for task in told.read("/api/tasks", board="billing")["tasks"]}
    assert behind == {"cart": 2, "pay": 1, "mail": 0}
    everywhere = told.read("/api/tasks")["tasks"]
    assert [task["waiting_behind"] for task in everywhere if task["task_id"] == "cart"] == [0, 2]


def test_open_blockers_are_shown_unless_others_are_asked_for(told: Program) -> None:
    assert told.read("/api/blockers") == {"blockers": [], "next": None}
    expected = {
        "blocker_id": BLOCKED,
        "event_id": "b1",
        "task_id": "cart",
        "board_id": "shop",
        "agent_id": "agent_1",
        "description": "No key",
        "severity": "high",
        "reported_severity": "high",
        "blocker_type": None,
        "suggestion": {"steps": ["Ask"]},
        "opened_at": "2026-05-04T09:05:00.654321+00:00",
        "resolved_at": "2026-05-04T09:07:00+00:00",
        "resolution": "Here it is",
    }
    assert only(told.read("/api/blockers", state="resolved")) == expected
    assert only(told.read("/api/blockers", state="all")) == expected
    assert only(told.read("/api/blockers", as_of=BLOCKED)) == expected | {
        "suggestion": None,
        "resolved_at": None,
        "resolution": None,
    }


def test_an_agent_and_what_it_is_at(told: Program) -> None:
    idle = {
        "agent_id": "agent_1",
        "name": "Claude",
        "role": "Dev",
        "skills": ["py"],
        "board_id": "shop",
        "status": "idle",
        "since": "2026-05-04T09:08:00+00:00",
        "task_id": None,
    }
    assert told.read("/api/agents", board="shop")["agents"] == [idle]
    at_work = {"status": "working", "since": "2026-05-04T09:04:00+00:00", "task_id": "cart"}
    assert told.read("/api/agents", board="shop", as_of=5)["agents"] == [idle | at_work]


def test_counters_add_up(told: Program) -> None:
    counted = told.read("/api/counters")
    assert counted["total"] == len(STORY)
    assert counted["by_type"]["task_created"] == 3
    assert counted["by_category"] == {"agent": 1, "board": 1, "task": 8}
    assert sum(counted["by_type"].values()) == counted["total"]
    assert told.read("/api/counters", board="billing")["by_type"] == {"task_created": 1}
    assert told.read("/api/counters", board="The billing")["total"] == 1


def test_the_series_is_the_hour_up_to_the_moment(told: Program) -> None:
    series = told.read("/api/counters", as_of="2026-05-04T09:09:30Z")["series"]
    assert len(series) == 60
    assert [minute["minute"] for minute in series[-2:]] == ["2026-05-04T09:08:00+00:00", "2026-05-04T09:09:00+00:00"]
    assert [minute["count"] for minute in series] == [0] * 50 + [1] * 10
    assert told.read("/api/counters", as_of=len(STORY))["series"] == series
    assert sum(minute["count"] for minute in told.read("/api/counters")["series"]) in range(len(STORY) + 1)


@pytest.mark.parametrize("path", ["boards", "tasks", "blockers", "agents"])
def test_as_of_the_head_is_the_present(told: Program, path: str) -> None:
    present = told.read(f"/api/{path}")
    for moment in (len(STORY), 10**12, "2026-05-04T10:00:00Z"):
        assert told.read(f"/api/{path}", as_of=moment) == present
    assert told.read(f"/api/{path}", as_of=0) == {path: [], "next": None}
    assert told.read(f"/api/{path}", as_of="2026-05-04T08:59:59Z") == {path: [], "next": None}


def test_counters_as_of_the_head_are_the_present_also_after_a_board_was_removed(told: Program) -> None:
    removal = at("2026-05-04T09:10:00Z", event("board_removed", board="shop"))
    assert not log_refused(ingest([event_from(removal, default_id="removal")], Authority.SYSTEM), "the removal")
    told.publish(at("2026-05-04T09:11:00Z", event("task_created", task_id="new")))
    present = told.read("/api/counters")
    assert present["by_type"] == {"task_created": 2}
    for moment in (len(STORY) + 2, "2026-05-04T10:00:00Z"):
        past = told.read("/api/counters", as_of=moment)
        assert (past["total"], past["by_type"]) == (2, {"task_created": 2})
    assert told.read("/api/counters", as_of=len(STORY))["total"] == len(STORY)
    assert told.read("/api/counters", as_of="2026-05-04T09:09:00Z")["total"] == len(STORY)
    assert told.read("/api/tasks", board="The shop", as_of=len(STORY))["tasks"]
    assert told.read("/api/tasks", board="shop")["tasks"][0]["task_id"] == "new"


def test_a_moment_that_an_answer_gives_is_a_moment_to_ask_for(told: Program) -> None:
    """It is given in full: cut to milliseconds, it would be a moment before the complaint."""
    opened_at = only(told.read("/api/blockers", state="all"))["opened_at"]
    assert only(told.read("/api/blockers", as_of=opened_at))["opened_at"] == opened_at
    before = parse_timestamp(opened_at).replace(microsecond=654_320).isoformat()
    assert told.read("/api/blockers", as_of=before) == {"blockers": [], "next": None}


def test_two_boards_of_one_name_are_both_shown(told: Program) -> None:
    told.publish(event("project_created") | {"metadata": {"board_id": "shop 2", "board_name": "The shop"}})
    assert {row["board_id"] for row in told.read("/api/boards", board="The shop")["boards"]} == {"shop", "shop 2"}


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ({"as_of": "lately"}, "as_of cannot be read: “lately” is not an ISO 8601 timestamp"),
        ({"as_of": "-1"}, "as_of cannot be read"),
        ({"as_of": str(2**63)}, "as_of must be a whole number from 0 to"),
        ({"as_of": "٣"}, "as_of must be a whole number"),
        ({"as_of": "2026-05-04T09:00:00 00:00"}, "in a URL, write a time with Z, or + as %2B"),
        ({"board": "a\0"}, "board contains the character NUL"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused_by_its_name(
    program: Program, query: dict[str, str], detail: str
) -> None:
    for path in ("boards", "tasks", "blockers", "agents", "counters"):
        assert_problem(program.get(f"/api/{path}", **query), 422, detail)


def test_a_state_that_is_none_is_refused(program: Program) -> None:
    body = assert_problem(program.get("/api/blockers", state="closed"), 422, "state must be one of open, resolved, all")
    assert body["parameter"] == "state"


def test_before_anything_happened_nothing_is_shown(program: Program) -> None:
    for path in ("boards", "tasks", "blockers", "agents"):
        assert program.read(f"/api/{path}") == {path: [], "next": None}
    assert program.read("/api/counters")["total"] == 0


@pytest.mark.parametrize("path", ["boards", "tasks", "blockers", "agents"])
def test_page_by_page_every_row_comes_once_and_in_the_same_order(program: Program, path: str) -> None:
    odd = ("a", "B", "a/b", "ä\n", "%", "z" * 300)
    for board in odd:
        complaint = event("task_blocked", board=board, task_id="t", agent_id="x", description="No key")
        same_time = at("2026-05-04T09:00:00.5Z", event("task_created", board=board, task_id="t", task_name=board))
        program.publish(same_time, complaint)
    whole = program.read(f"/api/{path}")[path]
    assert len(whole) >= len(odd)
    for limit in (1, 3, len(whole), 1_000):
        assert pages(program, path, limit) == whole


def pages(program: Program, path: str, limit: int) -> list[Any]:
    found, query = [], {"limit": str(limit)}
    while True:
        answer = program.read(f"/api/{path}", **query)
        assert len(answer[path]) <= limit
        found += answer[path]
        if answer["next"] is None:
            return found
        query["cursor"] = answer["next"]


def test_a_page_does_not_depend_on_what_comes_or_goes_meanwhile(told: Program) -> None:
    first = told.read("/api/tasks", limit=2)
    ingest([Event("removal", utc_now(), "board_removed", "user:ada", {}, {"board_id": "shop"})], Authority.SYSTEM)
    catch_up(PROJECTIONS)
    rest = told.read("/api/tasks", limit=2, cursor=first["next"])
    assert [(task["board_id"], task["task_id"]) for task in rest["tasks"]] == [("billing", "cart")]
    assert told.read("/api/tasks", limit=2, as_of=len(STORY))["next"] == first["next"]


@pytest.mark.parametrize("cursor", ["x", "WyJhIl0", "W10", "e30", "é", "WzEsMl0", "WyJcdTAwMDAiLCAiYSJd", "W" * 5000])
def test_a_cursor_that_no_answer_gave_is_refused(program: Program, cursor: str) -> None:
    for path in ("boards", "tasks", "blockers", "agents"):
        assert_problem(
            program.get(f"/api/{path}", cursor=cursor), 422, "cursor is not a cursor from a previous response"
        )


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "many", "1.5"])
def test_a_limit_that_is_none_is_refused(program: Program, limit: str) -> None:
    assert_problem(program.get("/api/boards", limit=limit), 422, "limit must be a whole number from 1 to 1000")
