"""What reading a real Marcus run once gives, and that reading it again gives nothing."""

import json
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sources.installations import (
    AGENT_EVENTS,
    CONVERSATIONS,
    DECISIONS,
    LOGS,
    REALTIME,
    RUN,
    STORED,
    append,
    copy_run,
    counts,
    of_type,
    read_once,
)

TRUTH = {
    "project_created": 1,
    "task_created": 25,
    "dependency_detected": 20,
    "agent_registered": 4,
    "task_requested": 185,
    "task_assigned": 25,
    "task_started": 25,
    "task_completed": 25,
    "task_progress": 109,
    "decision_logged": 19,
    "task_blocked": 9,
    "blocker_suggestion": 9,
    "context_requested": 25,
    "context_updated": 50,
    "project_state_refreshed": 186,
    "system_startup": 1,
}


def test_each_act_is_told_once_whichever_files_tell_of_it() -> None:
    assert counts(read_once(RUN)) == TRUTH


def test_every_id_is_given_once() -> None:
    events = read_once(RUN)
    assert len({event.event_id for event in events}) == len(events)


def test_events_are_told_in_the_order_in_which_the_first_record_of_each_was_written() -> None:
    events = read_once(RUN)
    spread = timedelta(seconds=4)  # between the records of one act in this run
    assert all(later.timestamp > earlier.timestamp - spread for earlier, later in pairwise(events))
    assert [event.event_type for event in events[:3]] == ["system_startup", "project_created", "task_created"]


def test_every_event_names_its_board() -> None:
    boards = {(event.metadata or {}).get("board_name") for event in read_once(RUN)}
    assert boards == {"Storefront"}


def test_every_event_of_a_task_names_it() -> None:
    assert all(event.data["task_name"] for event in read_once(RUN) if "task_id" in event.data)


def test_agents_come_with_name_role_and_skills() -> None:
    registered = {event.data["agent_id"]: event for event in of_type(read_once(RUN), "agent_registered")}
    assert len(registered) == 4
    assert registered["agent_claude_2"].data["role"] == "QA Engineer"
    assert registered["agent_claude_2"].data["skills"] == ["pytest", "testing"]
    assert registered["agent_claude_2"].data["name"] == "Claude 2"


def test_what_an_agent_did_comes_from_the_agent_under_its_name() -> None:
    completed = of_type(read_once(RUN), "task_completed")
    assert {event.source for event in completed} == {f"agent_claude_{n}" for n in range(1, 5)}
    assert {(event.metadata or {})["agent_name"] for event in completed} == {f"Claude {n}" for n in range(1, 5)}


def test_an_assignment_has_the_fields_of_all_its_records() -> None:
    assigned = of_type(read_once(RUN), "task_assigned")[0].data
    assert assigned["has_context"] is True  # only in marcus.db's task_assigned
    assert assigned["priority"] == "medium"  # only in task_assignment
    assert assigned["estimated_hours"] == 1.0  # only in the agent events and the conversations


def test_a_blocker_says_what_was_reported_and_by_whom() -> None:
    blocker = of_type(read_once(RUN), "task_blocked")[1]
    assert blocker.data["description"] == "billing staging environment is down"
    assert blocker.data["severity"] == "high"
    assert blocker.data["agent_id"] == blocker.source == "agent_claude_2"
    assert blocker.data["task_name"] == "Design billing schema"


def test_severity_is_what_the_agents_reported_and_the_board_s_default_is_not_told() -> None:
    events = read_once(RUN)
    assert [event.data["severity"] for event in of_type(events, "task_blocked")].count("high") == 6
    assert not of_type(events, "blocker_updated")


def test_a_blocker_that_was_told_from_the_board_alone_gets_the_agent_s_severity_when_that_is_read(
    tmp_path: Path,
) -> None:
    part = read_once(copy_run(tmp_path / "part", without=(CONVERSATIONS, DECISIONS)))
    rest = read_once(RUN, part)
    told = {event.event_id for event in of_type(part, "task_blocked")}
    updates = of_type(rest, "blocker_updated")
    assert [event.data["severity"] for event in updates] == ["high"] * 6
    assert {event.data["blocker_event_id"] for event in updates} < told
    assert read_once(RUN, part + rest) == []


def test_every_blocker_gets_marcus_answer() -> None:
    events = read_once(RUN)
    answers = {event.data["blocker_event_id"]: event for event in of_type(events, "blocker_suggestion")}
    for blocker in of_type(events, "task_blocked"):
        answer = answers[blocker.event_id]
        assert answer.data["task_id"] == blocker.data["task_id"]
        assert blocker.data["description"] in answer.data["suggestion"]["impact_assessment"]
        assert (answer.metadata or {})["causation_id"] == blocker.event_id


def test_reading_again_adds_nothing() -> None:
    log = read_once(RUN)
    assert read_once(RUN, log) == []


def test_a_copy_in_another_folder_adds_nothing(tmp_path: Path) -> None:
    log = read_once(RUN)
    assert read_once(copy_run(tmp_path / "elsewhere"), log) == []


@pytest.mark.parametrize("missing", [REALTIME, AGENT_EVENTS, CONVERSATIONS, DECISIONS, *STORED])
def test_what_was_read_with_a_file_missing_is_known_when_it_is_there(tmp_path: Path, missing: str) -> None:
    part = read_once(copy_run(tmp_path / "part", without=(missing,)))
    rest = read_once(RUN, part)
    only_there = counts(part + rest)
    assert {name: only_there[name] for name in TRUTH if name != "blocker_updated"} == {
        name: count for name, count in TRUTH.items() if name != "blocker_updated"
    }


@pytest.mark.parametrize("missing", [REALTIME, AGENT_EVENTS, CONVERSATIONS, DECISIONS, *STORED])
def test_what_was_read_whole_is_known_with_a_file_missing(tmp_path: Path, missing: str) -> None:
    log = read_once(RUN)
    assert read_once(copy_run(tmp_path / "part", without=(missing,)), log) == []


def test_the_decisions_file_stands_in_for_the_conversations(tmp_path: Path) -> None:
    assert counts(read_once(copy_run(tmp_path / "part", without=(CONVERSATIONS,)))) == TRUTH


def test_without_conversations_blockers_come_from_the_board(tmp_path: Path) -> None:
    events = read_once(copy_run(tmp_path / "part", without=(CONVERSATIONS, DECISIONS)))
    blockers = of_type(events, "task_blocked")
    assert [blocker.data["severity"] for blocker in blockers] == ["medium"] * 9
    assert not of_type(events, "blocker_updated")


def test_two_installations_with_the_same_agents_are_both_told_whole(tmp_path: Path) -> None:
    other = copy_run(tmp_path / "other", without=STORED)
    for name in (*LOGS, DECISIONS):
        path = other / name
        path.write_text(path.read_text().replace("2026-11-23T", "2026-11-24T"))
    log = read_once(RUN)
    assert counts(read_once(other, log))["task_requested"] == TRUTH["task_requested"]


LINES = (RUN / REALTIME).read_text().splitlines()
LOG = read_once(RUN)


def at_another_time(line: str, seconds: int) -> str:
    return json.dumps(json.loads(line) | {"timestamp": f"2026-11-23T20:47:{seconds:02}.123456+00:00"})


copies = st.sampled_from(LINES)
later = st.builds(at_another_time, copies, st.integers(0, 59))
unknown = st.builds(
    lambda name, n: json.dumps({"timestamp": f"2026-11-23T20:46:{n:02}.5Z", "type": name, "n": n}),
    st.sampled_from(["coffee_made", "build_failed", "task_completed", "agent_status_changed"]),
    st.integers(0, 59),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.one_of(copies, later, unknown), min_size=10, max_size=10))
def test_ten_lines_more_are_ten_events_and_half_a_line_is_one_when_it_is_whole(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    root = copy_run(tmp_path_factory.mktemp("ten") / "run")
    half = at_another_time(LINES[5], 59)
    append(root / REALTIME, *lines)
    append(root / REALTIME, half[:40], end=b"")
    new = read_once(root, LOG)
    assert len(new) == 10
    assert read_once(root, LOG + new) == []
    append(root / REALTIME, half[40:])
    assert len(read_once(root, LOG + new)) == 1
