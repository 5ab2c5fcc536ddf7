"""What a program reads of events whose producer's clock was ahead, or behind."""

from __future__ import annotations

from datetime import timedelta

from marcus_events.core.event import utc_now
from tests.api.program import Program, at, event

FAR = "2199-01-01T00:00:00Z"


def ago(**span: float) -> str:
    return (utc_now() - timedelta(**span)).isoformat()


def test_an_event_says_how_far_its_clock_was_ahead_and_keeps_its_timestamp(program: Program) -> None:
    program.publish(
        at(FAR, event("task_started", task_id="t1")), at(ago(days=400), event("task_started", task_id="t2"))
    )
    behind, ahead = sorted(program.read("/api/events")["events"], key=lambda each: each["timestamp"])
    assert ahead["timestamp"] == "2199-01-01T00:00:00+00:00"
    assert ahead["clock_ahead_s"] > 170 * 365 * 86_400
    assert "clock_ahead_s" not in behind


def test_what_was_read_can_be_published_again(program: Program) -> None:
    program.publish(at(FAR, event("task_started", "once", task_id="t1")))
    [found] = program.read("/api/events")["events"]
    assert program.post(found).json()["results"][0]["status"] == "duplicate"


def test_two_seconds_of_skew_lose_no_answer(program: Program) -> None:
    blocked = event("task_blocked", task_id="t1", agent_id="agent_1", description="No key")
    program.publish(at(ago(seconds=-2), blocked), at(ago(), event("blocker_resolved", task_id="t1")))
    assert program.read("/api/blockers")["blockers"] == []
    [blocker] = program.read("/api/blockers", state="resolved")["blockers"]
    assert blocker["opened_at"] <= blocker["resolved_at"] <= utc_now().isoformat()
    assert program.read("/api/tasks")["tasks"][0]["status"] == "in_progress"


def test_state_as_of_now_has_what_was_said_in_2199(program: Program) -> None:
    program.publish(at(FAR, event("task_completed", task_id="t1")), at(ago(), event("task_started", task_id="t1")))
    now = utc_now().isoformat()
    assert [task["status"] for task in program.read("/api/tasks", as_of=now)["tasks"]] == ["in_progress"]
    assert [task["status"] for task in program.read("/api/tasks", as_of=1)["tasks"]] == ["done"]
    assert program.read("/api/counters", as_of=now)["total"] == 2
    for moment in ({}, {"as_of": 1}, {"as_of": now}):
        assert sum(minute["count"] for minute in program.read("/api/counters", **moment)["series"]) == 2
