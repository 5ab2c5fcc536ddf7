"""What Marcus does by itself, or somebody does on its board, is seen: once, and the board here equals Marcus's."""

from __future__ import annotations

import shutil
from datetime import timedelta
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from marcus_events.core.event import Event, RecordedEvent, utc_now
from marcus_events.core.reserved import Authority
from marcus_events.ingest import ingest
from marcus_events.log import read
from marcus_events.models import Agent, Blocker, Task
from marcus_events.projections import PROJECTIONS, catch_up
from marcus_events.sources.marcus import follower, reconciliation
from marcus_events.sources.marcus.follower_state import Activity
from tests.sources.boards import BOARD, add_card, move_card, report_blocker, write_subtasks
from tests.sources.conversing import acknowledged, blocker, now
from tests.sources.following import Following, line
from tests.sources.installations import CONVERSATIONS, REALTIME, append
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("log")
A_TASK = "30e349b3032e4f80aa8f6d1cc32a5a3e"  # Design auth schema: done
RUN_EVENTS = 718


def follow_once(root: Path) -> list[RecordedEvent]:
    """What a single reading adds to the log."""
    before = read.head().position
    call_command("follow", root, once=True, stdout=StringIO())
    return read.following(before, 10_000)


def from_board(events: list[RecordedEvent]) -> list[RecordedEvent]:
    return [event for event in events if event.source == "kanban_board"]


def told_of(task_id: str) -> list[RecordedEvent]:
    return [event for event in from_board(read.following(RUN_EVENTS, 1_000)) if event.task_id == task_id]


def has_been_told(task_id: str, times: int) -> bool:
    return len(told_of(task_id)) == times


def task(task_id: str) -> Task:
    catch_up(PROJECTIONS)
    found: Task = Task.objects.now().get(task_id=task_id)
    return found


def check(root: Path) -> str:
    catch_up(PROJECTIONS)
    out = StringIO()
    call_command("follow", root, check=True, stdout=out)
    return out.getvalue()


def differences(root: Path) -> list[str]:
    """What `--check` finds; it has to find something."""
    catch_up(PROJECTIONS)
    out = StringIO()
    with pytest.raises(CommandError, match="differ"):
        call_command("follow", root, check=True, stdout=out)
    return [row.strip() for row in out.getvalue().splitlines() if row.startswith(("  ! ", "  ~ "))]


def test_a_task_that_was_created_done_is_done(root: Path) -> None:
    add_card(root, "about", "About: Storefront", "done")
    (told,) = from_board(follow_once(root))
    assert (told.event_type, told.task_id) == ("task_completed", "about")
    assert told.data["known_from"] == "board"
    assert told.data["reason"] == "it was created as “done”"
    assert task("about").status == "done"
    assert check(root).endswith("equal\n")


def test_a_parent_that_is_completed_by_its_subtasks_is_done_and_they_are_its_parts(root: Path) -> None:
    add_card(root, "parent", "Checkout", "done")
    for number in (1, 2):
        part = {"is_subtask": 1, "parent_task_id": "parent", "assigned_to": "agent_claude_1"}
        add_card(root, f"parent_sub_{number}", f"Part {number}", "done", **part)
    found = {event.task_id: event for event in from_board(follow_once(root))}
    assert found.keys() == {"parent", "parent_sub_1", "parent_sub_2"}
    assert found["parent"].data["reason"] == "all 2 subtasks are done"
    assert {task(f"parent_sub_{number}").parent_task_id for number in (1, 2)} == {"parent"}
    assert task("parent_sub_1").agent_id == "agent_claude_1"
    assert check(root).endswith("equal\n")


def test_subtasks_that_marcus_keeps_off_its_board_are_tasks_too(root: Path) -> None:
    add_card(root, "parent", "Checkout", "in_progress")
    stated = {"parent_task_id": "parent", "created_at": utc_now().isoformat(), "description": "", "assigned_to": None}
    write_subtasks(
        root,
        {"id": "parent_sub_1", "name": "First", "status": "done"} | stated,
        {"id": "parent_sub_2", "name": "Second", "status": "todo"} | stated,
        {"id": "other_sub_1", "name": "Of another installation", "status": "todo", "parent_task_id": "other"},
    )
    follow_once(root)
    assert [(task(f"parent_sub_{n}").status, task(f"parent_sub_{n}").parent_task_id) for n in (1, 2)] == [
        ("done", "parent"),
        ("todo", "parent"),
    ]
    assert not Task.objects.filter(task_id="other_sub_1").exists()
    assert check(root).endswith("equal\n")


def test_an_agent_that_is_blocked_on_a_subtask_stays_blocked_though_marcus_does_not_move_it(root: Path) -> None:
    add_card(root, "parent", "Checkout", "in_progress")
    part = {"parent_task_id": "parent", "created_at": utc_now().isoformat(), "description": "", "name": "First"}
    write_subtasks(root, {"id": "parent_sub_1", "status": "in_progress", "assigned_to": "agent_claude_1"} | part)
    follow_once(root)
    reported = blocker("agent_claude_1", "parent_sub_1", now(), "Which format?")
    append(root / CONVERSATIONS, reported, acknowledged("agent_claude_1", now()))
    follow_once(root)
    assert task("parent_sub_1").status == "blocked"
    assert Blocker.objects.now().get(task_id="parent_sub_1").resolved_at is None
    assert follow_once(root) == []
    check(root)
    write_subtasks(root, {"id": "parent_sub_1", "status": "done", "assigned_to": "agent_claude_1"} | part)
    follow_once(root)
    assert task("parent_sub_1").status == "done"
    assert Blocker.objects.now().get(task_id="parent_sub_1").resolved_at is not None


def test_a_parent_that_marcus_logs_as_assigned_by_auto_completion_is_done(root: Path) -> None:
    """Where Marcus keeps its board elsewhere, this line is all that tells of it."""
    (root / BOARD).unlink()
    append(root / REALTIME, line("task_assignment", task_id="parent", source="auto_complete"))
    follow_once(root)
    assert (task("parent").status, task("parent").agent_id) == ("done", "")


def test_a_card_that_is_moved_by_hand_is_moved_here_each_time(following: Following, root: Path) -> None:
    moves = (("todo", "task_updated"), ("done", "task_completed"), ("in_progress", "task_updated"))
    for number, (status, event_type) in enumerate(moves, start=1):
        move_card(root, A_TASK, status=status)
        wait_until(partial(has_been_told, A_TASK, number))
        assert told_of(A_TASK)[-1].event_type == event_type
        assert task(A_TASK).status == status
    assert check(root).endswith("equal\n")
    assert len(told_of(A_TASK)) == 3


def test_a_card_that_goes_back_and_forth_under_one_time_is_followed(root: Path) -> None:
    follow_once(root)
    at = utc_now().isoformat()
    for status in ("todo", "done", "todo"):
        move_card(root, A_TASK, status=status, updated_at=at)
        assert len(from_board(follow_once(root))) == 1
        assert task(A_TASK).status == status


def test_a_card_that_is_blocked_by_hand_asks_a_person_once(root: Path) -> None:
    move_card(root, A_TASK, status="blocked")
    follow_once(root)
    assert follow_once(root) == []
    assert task(A_TASK).status == "blocked"
    (opened,) = Blocker.objects.now().filter(task_id=A_TASK, resolved_at=None)
    assert opened.description == "Moved to “blocked” on Marcus's board"
    assert check(root).endswith("equal\n")


def test_who_has_a_task_is_who_has_it_on_the_board(root: Path) -> None:
    move_card(root, A_TASK, status="in_progress", assigned_to="agent_claude_2")
    follow_once(root)
    assert (task(A_TASK).agent_id, task(A_TASK).status) == ("agent_claude_2", "in_progress")
    assert Agent.objects.now().get(agent_id="agent_claude_2").task_id == A_TASK
    move_card(root, A_TASK, status="todo", assigned_to=None)
    follow_once(root)
    assert (task(A_TASK).agent_id, task(A_TASK).status) == ("", "todo")
    assert Agent.objects.now().get(agent_id="agent_claude_2").task_id == ""
    assert check(root).endswith("equal\n")


def test_marcus_itself_as_a_holder_is_no_agent(root: Path) -> None:
    add_card(root, "design", "Design it", "done", assigned_to="Marcus")
    follow_once(root)
    assert task("design").agent_id == "Marcus"
    assert not Agent.objects.filter(agent_id="Marcus").exists()
    assert check(root).endswith("equal\n")


def test_a_renamed_card_is_renamed_here(root: Path) -> None:
    follow_once(root)
    move_card(root, A_TASK, name="Design the auth schema")
    (told,) = from_board(follow_once(root))
    assert (told.event_type, "status" in told.data) == ("task_updated", False)
    assert (task(A_TASK).name, task(A_TASK).status) == ("Design the auth schema", "done")


def test_reading_again_tells_nothing_twice_whatever_comes_between(root: Path) -> None:
    add_card(root, "about", "About", "done")
    move_card(root, A_TASK, status="todo")
    assert len(from_board(follow_once(root))) == 2
    assert follow_once(root) == []
    with Following(root), Following(root):
        move_card(root, A_TASK, status="done")
        wait_until(lambda: len(told_of(A_TASK)) == 2)
    assert follow_once(root) == []
    assert len(from_board(read.following(0, 10_000))) == 3


def test_a_folder_that_is_deleted_and_restored_loses_nothing_and_tells_nothing_twice(
    following: Following, root: Path, tmp_path: Path
) -> None:
    move_card(root, A_TASK, status="todo")
    wait_until(lambda: told_of(A_TASK))
    shutil.copytree(root, tmp_path / "saved")
    shutil.rmtree(root)
    wait_until(lambda: following.follower.state.activity is Activity.WAITING)
    (tmp_path / "saved").rename(root)
    wait_until(lambda: following.follower.state.activity is Activity.FOLLOWING)
    append(root / REALTIME, line("after_the_restore"))
    wait_until(lambda: read.following(RUN_EVENTS, 10)[-1].event_type == "after_the_restore")
    assert [event.event_type for event in read.following(RUN_EVENTS, 10)] == ["task_updated", "after_the_restore"]
    assert check(root).endswith("equal\n")


def test_what_marcus_told_a_moment_ago_may_be_on_its_board_a_moment_later(root: Path) -> None:
    """It tells that an agent starts before it writes the card, up to a second later where it is busy."""
    follow_once(root)
    started = {"task_id": A_TASK, "agent_id": "agent_claude_2"}
    about = {"board_id": task(A_TASK).board_id}
    ingest([Event("just_now", utc_now(), "task_started", "agent_claude_2", started, about)])
    assert "here (Marcus told of it " in (found := check(root))
    assert found.endswith("equal\n")


def test_a_card_settles_by_the_time_of_the_scan_that_read_it_however_long_that_takes(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What explains the card may have been written since, and is read by the next scan."""
    begun_at = utc_now()
    follow_once(root)
    move_card(root, A_TASK, status="in_progress")
    monkeypatch.setattr(reconciliation, "SETTLE_S", 0.001)
    monkeypatch.setattr(follower, "utc_now", lambda: begun_at)
    with Following(root):
        assert told_of(A_TASK) == []
        begun_at += timedelta(seconds=1)
        wait_until(partial(has_been_told, A_TASK, 1))


def test_a_reported_blocker_stays_open_for_as_long_as_the_card_is_blocked(root: Path) -> None:
    follow_once(root)
    report_blocker(root, "Which format?", A_TASK)
    assert [event.event_type for event in follow_once(root)] == ["task_blocked", "blocker_suggestion"]
    assert follow_once(root) == []
    assert task(A_TASK).status == "blocked"
    assert Blocker.objects.now().get(task_id=A_TASK, description="Which format?").resolved_at is None
    assert check(root).endswith("equal\n")


def test_a_reported_blocker_is_resolved_where_the_card_stays_done(root: Path) -> None:
    """Marcus does not take a blocker on a task that is done, so the card is not moved."""
    follow_once(root)
    agent_id = task(A_TASK).agent_id
    reported = blocker(agent_id, A_TASK, now(), "Which format?")
    append(root / CONVERSATIONS, reported, acknowledged(agent_id, now()))
    told = follow_once(root)
    assert [event.event_type for event in told] == ["task_blocked", "blocker_suggestion", "task_completed"]
    assert task(A_TASK).status == "done"
    assert Blocker.objects.now().get(task_id=A_TASK, description="Which format?").resolved_at is not None


def test_what_a_person_decided_here_is_not_undone_by_what_the_board_said_before(root: Path) -> None:
    report_blocker(root, "Which format?", A_TASK)
    follow_once(root)
    assert task(A_TASK).status == "blocked"
    publish_as_ada("blocker_resolved", task_id=A_TASK, resolution="CSV", project_id=task(A_TASK).board_id)
    assert follow_once(root) == []
    assert task(A_TASK).status == "in_progress"
    move_card(root, A_TASK, status="blocked", updated_at="2026-11-23T21:00:00+00:00")
    assert "it was answered here by ada; Marcus has not moved it yet" in check(root)
    move_card(root, A_TASK, status="todo", assigned_to=None)
    follow_once(root)
    assert (task(A_TASK).status, task(A_TASK).agent_id) == ("todo", "")


def publish_as_ada(event_type: str, **data: Any) -> None:
    (receipt,) = ingest([Event("e1", utc_now(), event_type, "user:ada", data)], Authority.SYSTEM)
    assert receipt.status == "accepted"


def test_what_marcus_did_not_take_is_put_right(root: Path) -> None:
    """A line of a log claims what the board does not show."""
    add_card(root, "t26", "Ship it")
    append(root / REALTIME, line("task_completed", task_id="t26", agent_id="agent_claude_3"))
    follow_once(root)
    assert (task("t26").status, task("t26").agent_id) == ("todo", "")
    assert follow_once(root) == []


def test_check_names_each_difference_and_says_what_is_only_on_its_way(root: Path) -> None:
    follow_once(root)
    name = f"“Design auth schema” ({A_TASK})"
    move_card(root, A_TASK, status="todo", assigned_to=None, updated_at="2026-11-23T21:00:00+00:00")
    add_card(root, "t26", "Ship it")
    found = differences(root)
    assert f"! {name}: is to do on Marcus's board, done here" in found
    assert any(row.startswith(f"! {name}: is assigned to nobody on Marcus's board, to agent_") for row in found)
    assert "! “Ship it” (t26): is to do on Marcus's board, but is not in this log" in found
    assert len(found) == 3
    follow_once(root)
    assert check(root).endswith("equal\n")
    move_card(root, A_TASK, status="done")
    assert "~ " in check(root)


def test_check_refuses_where_there_is_no_board_to_compare_with(root: Path) -> None:
    (root / BOARD).unlink()
    with pytest.raises(CommandError, match="Marcus stores its board elsewhere"):
        check(root)


def test_a_folder_that_was_moved_away_and_back_is_followed_on(following: Following, root: Path, tmp_path: Path) -> None:
    root.rename(tmp_path / "away")
    wait_until(lambda: following.follower.state.activity is Activity.WAITING)
    (tmp_path / "away").rename(root)
    wait_until(lambda: following.follower.state.activity is Activity.FOLLOWING)
    move_card(root, A_TASK, status="todo")
    wait_until(partial(has_been_told, A_TASK, 1))
