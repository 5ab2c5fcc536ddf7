"""A request of an agent is told as an act when Marcus accepted it, as refused when it did not."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from marcus_events.core.event import Event
from tests.sources import conversing as say
from tests.sources.conversing import START, Line, at
from tests.sources.installations import AGENT_EVENTS, CONVERSATIONS, REALTIME, Session, append, copy_run, read_once

TASK = "30e349b3032e4f80aa8f6d1cc32a5a3e"  # Design auth schema, which is done
OTHER = "b7b337c3eeb744408683439a7e5fd78f"
A, B = "agent_claude_1", "agent_claude_2"
SOON, LATER = START + timedelta(minutes=1), START + timedelta(hours=1)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[Event]:
    return read_once(copy_run(tmp_path_factory.mktemp("whole") / "run"))


@pytest.fixture
def session(tmp_path: Path, whole: list[Event]) -> Session:
    """A follower that is up to date with the bundled run."""
    session = Session(copy_run(tmp_path / "run"), log=list(whole))
    assert session.scan(now=START) == []
    return session


def hear(session: Session, *lines: Line, is_last: bool = False, now: Any = SOON) -> list[Event]:
    append(session.root / CONVERSATIONS, *lines)
    return session.scan(now=now, is_last=is_last)


def names(events: list[Event]) -> list[str]:
    return [event.event_type for event in events]


def board_row(session: Session, description: str, when: str, task_id: str = TASK) -> None:
    with closing(sqlite3.connect(session.root / "data/kanban.db")) as board, board:
        row = (description, task_id, description, "medium", when)
        board.execute(
            "INSERT INTO blockers(id, task_id, description, severity, created_at) VALUES (?, ?, ?, ?, ?)", row
        )


def stored(session: Session, event_type: str, when: str, source: str, **data: Any) -> None:
    event = {"event_id": f"evt_{when}", "timestamp": when, "event_type": event_type, "source": source, "data": data}
    with closing(sqlite3.connect(session.root / "data/marcus.db")) as marcus, marcus:
        row = ("events", event["event_id"], json.dumps(event), when)
        marcus.execute("INSERT INTO persistence(collection, key, data, stored_at) VALUES (?, ?, ?, ?)", row)


REQUESTS: dict[str, tuple[Line, str, str, dict[str, Any]]] = {
    "progress": (
        say.progress(A, TASK, at(0), 10),
        "task_progress",
        "report_task_progress",
        {"task_id": TASK, "status": "in_progress", "progress": 10, "message": "Working"},
    ),
    "completion": (
        say.completion(A, TASK, at(0)),
        "task_progress",
        "report_task_progress",
        {"task_id": TASK, "status": "completed", "progress": 100, "message": "Working"},
    ),
    "blocker": (
        say.blocker(A, TASK, at(0), "Which format?"),
        "task_blocked",
        "report_blocker",
        {"task_id": TASK, "blocker_description": "Which format?", "severity": "high"},
    ),
    "request for work": (say.request(A, at(0)), "task_requested", "request_next_task", {}),
    "registration": (say.registration(A, at(0)), "agent_registered", "register_agent", {"name": "A"}),
}
ANSWERS = {
    "progress": say.received(A, at(1), 10),
    "completion": say.closed(A, at(1)),
    "blocker": say.acknowledged(A, at(1)),
    "request for work": say.none_suitable(A, at(1)),
    "registration": say.welcome(A, at(1)),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_is_told_when_marcus_answers_it_and_not_before(session: Session, name: str) -> None:
    line, event_type, *_ = REQUESTS[name]
    assert hear(session, line) == []
    assert session.reader.waiting == 1
    assert session.reader.waiting_tasks == ({TASK} if "task_id" in line["metadata"] else set())
    assert names(hear(session, ANSWERS[name]))[0] == event_type
    assert session.reader.waiting == 0


@pytest.mark.parametrize("name", REQUESTS)
def test_the_record_of_the_call_is_an_answer_too(session: Session, name: str) -> None:
    line, event_type, tool, arguments = REQUESTS[name]
    told = hear(session, line, say.succeeded(tool, at(1), agent_id=A, **arguments))
    assert names(told) == [event_type]


@pytest.mark.parametrize("name", REQUESTS)
def test_what_marcus_refused_is_told_as_refused_with_its_reason_once(session: Session, name: str) -> None:
    line, _, tool, arguments = REQUESTS[name]
    [told] = hear(session, line, say.failed(tool, at(1), "It is not yours.", agent_id=A, **arguments))
    assert told.event_type == ("task_request_refused" if name == "request for work" else "report_refused")
    assert (told.source, told.data["agent_id"], told.data["reason"]) == ("marcus", A, "It is not yours.")
    assert told.data.get("task_id") == arguments.get("task_id")
    assert hear(session, say.request(B, at(5)), say.none_suitable(B, at(6)))[0].event_type == "task_requested"
    assert read_once(session.root, session.log) == []


def test_a_denied_request_for_work_is_no_request(session: Session) -> None:
    lines = [line for n in range(3) for line in (say.request(A, at(2 * n)), say.denied(A, at(2 * n + 1)))]
    told = hear(session, *lines)
    assert names(told) == ["task_request_refused"] * 3
    assert {event.data["reason"] for event in told} == {"complete current task first"}
    again = hear(session, say.request(A, at(7)), say.denied(A, at(8)))
    assert names(again) == ["task_request_refused"]  # the same again is another one
    assert read_once(session.root, session.log) == []


def test_all_records_of_a_refused_request_are_one(session: Session) -> None:
    append(session.root / AGENT_EVENTS, say.agent_event("task_request", at(0.001), worker_id=A))
    append(session.root / REALTIME, {"timestamp": at(0.0005), "type": "task_request", "worker_id": A})
    stored(session, "task_request", at(0.002), A, worker_id=A)
    assert names(hear(session, say.request(A, at(0)), say.denied(A, at(1)))) == ["task_request_refused"]


def test_without_records_of_calls_a_report_is_refused_when_a_later_request_is_answered(session: Session) -> None:
    assert hear(session, say.completion(A, TASK, at(0)), say.request(A, at(1))) == []
    told = hear(session, say.none_suitable(A, at(2)))
    assert names(told) == ["report_refused", "task_requested"]
    assert told[0].data["report"] == "completion report"


def test_with_records_of_calls_one_that_is_made_beside_another_waits_for_its_own_answer(session: Session) -> None:
    hear(session, say.request(B, at(-9)), say.none_suitable(B, at(-8)), say.succeeded("log_decision", at(-8)))
    first, second = say.blocker(A, TASK, at(0), "Which format?"), say.progress(A, OTHER, at(1), 30)
    whole = {"task_id": OTHER, "status": "in_progress", "progress": 30}
    report = say.succeeded("report_task_progress", at(2.1), agent_id=A, **whole)
    told = hear(session, say.progress(B, OTHER, at(-7), 1), say.received(B, at(-6), 1))
    hear(
        session,
        say.succeeded("report_task_progress", at(-6), agent_id=B, task_id=OTHER, status="in_progress", progress=1),
    )
    assert names(told) == ["task_progress"]
    assert names(hear(session, first, second, say.received(A, at(2), 30), report)) == ["task_progress"]
    assert names(hear(session, say.acknowledged(A, at(30)))) == ["task_blocked", "blocker_suggestion"]


def test_of_two_reports_alike_the_record_of_the_call_says_which_was_refused(session: Session) -> None:
    seen = {"task_id": OTHER, "status": "in_progress", "progress": 1}
    hear(session, say.progress(B, OTHER, at(-9), 1), say.received(B, at(-8), 1))
    hear(session, say.succeeded("report_task_progress", at(-8), agent_id=B, **seen))
    both = say.completion(A, OTHER, at(0)), say.completion(A, TASK, at(0.1))
    done = {"agent_id": A, "status": "completed", "progress": 100}
    assert hear(session, *both, say.closed(A, at(1))) == []
    told = hear(
        session,
        say.succeeded("report_task_progress", at(1), task_id=OTHER, **done),
        say.failed("report_task_progress", at(1.1), "Not yours.", task_id=TASK, **done),
    )
    assert [(event.event_type, event.data["task_id"]) for event in told] == [
        ("task_progress", OTHER),
        ("report_refused", TASK),
    ]


def test_the_board_s_own_record_of_a_blocker_is_an_answer(session: Session) -> None:
    assert hear(session, say.blocker(A, TASK, at(0), " Which format?\n")) == []
    board_row(session, " Which format?\n", at(90))  # the model took a minute and a half
    [told] = session.scan(now=START + timedelta(seconds=91), is_last=False)
    assert (told.event_type, told.data["severity"]) == ("task_blocked", "high")
    assert told.data["description"] == " Which format?\n"
    assert told.source == A


def test_a_failure_after_the_board_was_written_takes_nothing_back(session: Session) -> None:
    board_row(session, "Which format?", at(0.2))
    arguments = {"task_id": TASK, "blocker_description": "Which format?", "severity": 5}
    failure = say.failed("report_blocker", at(0.3), "'int' object has no attribute 'upper'", agent_id=A, **arguments)
    assert names(hear(session, say.blocker(A, TASK, at(0), "Which format?"), failure)) == ["task_blocked"]


def test_marcus_s_answer_goes_to_the_blocker_that_it_acknowledges(session: Session) -> None:
    refusal = say.failed("report_blocker", at(1), "Done.", agent_id=A, task_id=TASK, blocker_description="Old?")
    told = hear(
        session,
        say.blocker(A, TASK, at(0), "Old?"),
        refusal,
        say.blocker(A, OTHER, at(2), "First?"),
        say.blocker(A, OTHER, at(2.1), "Second?"),
        say.acknowledged(A, at(3), impact_assessment="Blocker reported: First?"),
        say.acknowledged(A, at(4), impact_assessment="Blocker reported: Second?"),
    )
    blockers = {event.event_id: event.data["description"] for event in told if event.event_type == "task_blocked"}
    answers = [blockers[event.data["blocker_event_id"]] for event in told if event.event_type == "blocker_suggestion"]
    assert answers == ["First?", "Second?"]
    assert names(told).count("report_refused") == 1


def test_a_report_that_marcus_leaves_unanswered_is_told_as_that_after_ten_minutes(session: Session) -> None:
    hear(session, say.progress(A, TASK, at(0), 10))
    assert session.scan(now=START + timedelta(minutes=9), is_last=True) == []
    [told] = session.scan(now=START + timedelta(minutes=10), is_last=False)
    assert (told.event_type, told.data["report"]) == ("report_unanswered", "progress report")
    assert told.data["reason"] == "it gave no answer within 10 minutes"
    assert read_once(session.root, session.log) == []


def test_a_marcus_that_ended_in_between_leaves_a_report_unanswered(session: Session) -> None:
    hear(session, say.completion(A, TASK, at(0)))
    stored(session, "task_completed", at(0.5), A, task_id=TASK, agent_id=A, success=True)
    append(session.root / REALTIME.replace("20261123_204618", "20261123_210020"), started(20))
    assert names(session.scan(now=START + timedelta(seconds=30), is_last=False)) == ["system_startup"]
    [told] = session.scan(now=START + timedelta(seconds=81), is_last=False)
    assert told.event_type == "report_unanswered"
    assert told.data["reason"] == "it was started again before it answered"
    assert read_once(session.root, session.log) == []


def started(seconds: float) -> Line:
    return {"timestamp": at(seconds), "type": "server_startup", "provider": "sqlite"}


def test_an_answer_that_comes_after_all_makes_it_count(session: Session) -> None:
    hear(session, say.progress(A, TASK, at(0), 10))
    assert names(session.scan(now=LATER, is_last=False)) == ["report_unanswered"]
    [told] = hear(session, say.received(A, at(3_700), 10), now=LATER + timedelta(minutes=5))
    assert (told.event_type, told.data["progress"]) == ("task_progress", 10)
    assert read_once(session.root, session.log) == []


def test_what_marcus_remembers_of_a_completion_shares_the_fate_of_the_report(session: Session) -> None:
    done = {"task_id": TASK, "agent_id": A, "success": True}
    stored(session, "task_completed", at(0.5), A, **done)
    assert session.scan(now=START + timedelta(seconds=1), is_last=False) == []  # its report is not read yet
    arguments = {"task_id": TASK, "status": "completed", "progress": 100}
    assert hear(session, say.completion(A, TASK, at(0))) == []
    refusal = say.failed("report_task_progress", at(9), "Merge conflict.", agent_id=A, **arguments)
    assert names(hear(session, refusal)) == ["report_refused"]
    stored(session, "task_completed", at(20.5), A, **done)
    assert names(hear(session, say.completion(A, TASK, at(20)), say.closed(A, at(21)))) == [
        "task_progress",
        "task_completed",
    ]


def test_a_task_that_ended_blocked_is_not_completed(session: Session) -> None:
    stored(session, "task_completed", at(0.5), A, task_id=TASK, agent_id=A, success=False, blockers=["Help"])
    assert session.scan(now=LATER) == []


def test_where_the_conversations_have_no_such_request_the_record_beside_it_counts(session: Session) -> None:
    report = {"agent_id": A, "task_id": TASK, "status": "in_progress", "progress": 5, "message": "x"}
    append(session.root / AGENT_EVENTS, say.agent_event("progress_update", at(0), **report))
    assert session.scan(now=START + timedelta(seconds=4), is_last=False) == []
    assert names(session.scan(now=START + timedelta(seconds=5), is_last=False)) == ["task_progress"]


def test_a_last_look_leaves_what_still_waits_for_the_next_time(session: Session) -> None:
    assert hear(session, say.progress(A, TASK, at(0), 10), is_last=True) == []
    assert session.reader.waiting == 1
    append(session.root / CONVERSATIONS, say.received(A, at(2), 10))
    assert names(read_once(session.root, session.log)) == ["task_progress"]


@pytest.mark.parametrize(
    ("reported", "on_board"),
    [
        ("  Which format?  ", "Which format?"),
        ("Which format?\r\nJSON?", "Which format?\nJSON?\n"),
        ("Which cafe\u0301?", "Which caf\u00e9?"),
    ],
)
def test_descriptions_that_read_alike_are_one_blocker(session: Session, reported: str, on_board: str) -> None:
    told = hear(session, say.blocker(A, TASK, at(0), reported))
    board_row(session, on_board, at(0.2))
    told += session.scan(now=LATER)
    told += hear(session, say.acknowledged(A, at(1)), now=LATER)
    assert names(told) == ["task_blocked", "blocker_suggestion"]
    assert told[0].data["description"] == reported
