"""Following an installation: what Marcus writes is in the log soon after, once, whatever happens to its files."""

import json
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from marcus_events.core.event import Event, utc_now
from marcus_events.core.reserved import Authority
from marcus_events.ingest import ingest
from marcus_events.log import read
from marcus_events.log.marcus_acts import ActLock
from marcus_events.sources.marcus.board import UnknownBoard
from marcus_events.sources.marcus.follower import Follower
from tests.sources.away import database_unavailable
from tests.sources.boards import add_card, report_blocker
from tests.sources.following import Following, News, event_counts, line
from tests.sources.installations import AGENT_EVENTS, REALTIME, append, copy_run, read_once
from tests.sources.sqlite_writer import Writer
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("log")
A_TASK = "30e349b3032e4f80aa8f6d1cc32a5a3e"  # Design auth schema


def test_it_reads_what_there_is_and_says_that_it_follows(following: Following, root: Path) -> None:
    assert read.head().position == 718
    assert following.said == [
        "Up to date: 718 new, 0 known, 0 unreadable; skipped 829 lines of conversation. "
        f"Following {root}. Press Ctrl-C to stop."
    ]


def test_a_reported_blocker_comes_into_the_log_with_its_suggestion(following: Following, root: Path) -> None:
    news = News()
    report_blocker(root, "The payment sandbox is down", A_TASK)
    (reported, answer) = news.wait(2)
    assert (reported.event_type, answer.event_type) == ("task_blocked", "blocker_suggestion")
    assert reported.task_id == A_TASK
    assert reported.agent_id == "agent_claude_3"
    assert reported.data["description"] == "The payment sandbox is down"
    assert reported.data["severity"] == "high"


def test_ten_lines_and_a_half_are_ten_events_and_its_other_half_is_one(following: Following, root: Path) -> None:
    news = News()
    half = json.dumps(line("task_completed", task_id=A_TASK, agent_id="agent_claude_3"))
    append(root / REALTIME, *[line("build_finished", number=n) for n in range(10)])
    append(root / REALTIME, half[:60], end=b"")
    assert [event.data["number"] for event in news.wait(10)] == list(range(10))
    append(root / REALTIME, half[60:])
    assert news.types(1) == ["task_completed"]


def test_rotated_truncated_and_new_files_are_followed(following: Following, root: Path) -> None:
    news, path = News(), root / REALTIME
    path.rename(path.with_name(path.name + ".1"))
    append(path, line("after_rotation"))
    assert news.types(1) == ["after_rotation"]
    path.write_text(json.dumps(line("after_truncation")) + "\n")
    assert news.types(1) == ["after_truncation"]
    append(path.with_name("realtime_20270101_000000.jsonl"), line("in_a_new_file"))
    assert news.types(1) == ["in_a_new_file"]


def test_what_cannot_be_read_is_named_once_and_costs_no_other_line(following: Following, root: Path) -> None:
    news, path = News(), root / REALTIME
    append(path, "garbage", b"\xff\xfe", b"x" * 10_000_000, line("still_alive"))
    assert news.types(1) == ["still_alive"]
    path.rename(path.with_name(path.name + ".1"))
    append(path, line("after_rotation"))
    assert news.types(1) == ["after_rotation"]
    assert following.complaints == [
        f"{REALTIME}:402 is not JSON: Expecting value at character 1",
        f"{REALTIME}:403 is not UTF-8",
        f"{REALTIME}:404 is longer than 1 MiB",
    ]
    assert following.follower.total.unreadable == 3


@pytest.mark.usefixtures("unreconciled")
def test_an_act_that_several_files_tell_of_one_after_the_other_is_told_once(following: Following, root: Path) -> None:
    news = News()
    assignment = {"task_id": A_TASK, "agent_id": "agent_claude_2", "task_name": "Design auth schema"}
    append(root / REALTIME, line("task_assignment", worker_id="agent_claude_2", **assignment))
    assert news.types(1) == ["task_assigned"]
    with closing(sqlite3.connect(root / "data/marcus.db")) as marcus, marcus:
        for number, name in enumerate(("task_assigned", "task_assignment")):
            event: dict[str, Any] = {
                "event_id": f"evt_9{number}",
                "event_type": name,
                "source": "marcus",
                "data": assignment,
            }
            store(marcus, event | {"timestamp": utc_now().isoformat(), "metadata": {}})
        store(marcus, {"event_id": "evt_99", **line("x"), "event_type": "the_end", "source": "marcus", "data": {}})
    assert news.types(1) == ["the_end"]


def store(marcus: sqlite3.Connection, event: dict[str, Any]) -> None:
    row = ("events", event["event_id"], json.dumps(event), event["timestamp"])
    marcus.execute("INSERT INTO persistence(collection, key, data, stored_at) VALUES (?, ?, ?, ?)", row)


def test_a_task_that_is_added_to_the_board_is_told(following: Following, root: Path) -> None:
    news = News()
    add_card(root, "t26", "Ship it", created_at=now(), updated_at=now())
    (created,) = news.wait(1)
    assert (created.event_type, created.data["task_name"]) == ("task_created", "Ship it")
    assert created.metadata["board_name"] == "Storefront"


def test_a_board_that_is_locked_for_a_while_is_read_when_it_is_free(following: Following, root: Path) -> None:
    news, board = News(), root / "data/kanban.db"
    update = "UPDATE tasks SET description = 'Tables and roles' WHERE id = '30e349b3032e4f80aa8f6d1cc32a5a3e'"
    with Writer(board, "delete") as marcus:
        assert marcus.do("BEGIN EXCLUSIVE", update) == "ok"
        append(root / REALTIME, line("meanwhile"))
        assert news.types(1) == ["meanwhile"]
        assert marcus.do("COMMIT") == "ok"
    add_card(root, "t26", "Ship it", created_at=now(), updated_at=now())
    assert news.types(1) == ["task_created"]


def test_it_waits_for_a_marcus_that_has_not_started(tmp_path: Path) -> None:
    (tmp_path / "marcus").mkdir()
    with Following(tmp_path / "marcus") as following:
        assert following.said == [f"Waiting for Marcus: no files in {tmp_path / 'marcus'} yet."]
        copy_run(tmp_path / "ready").rename(tmp_path / "marcus")
        wait_until(lambda: len(following.said) == 2)
        assert read.head().position == 718


def test_while_the_database_is_away_it_waits_and_nothing_is_lost(following: Following, root: Path) -> None:
    news = News()
    with database_unavailable():
        append(root / REALTIME, line("while_away", number=1))
        wait_until(lambda: len(following.said) == 2)
        append(root / REALTIME, line("while_away", number=2))
    assert [event.data["number"] for event in news.wait(2)] == [1, 2]
    assert following.said[1].startswith("The database is not reachable, retrying every second: ")
    wait_until(lambda: following.said[2:] == ["The database is back."])


def test_a_line_that_comes_too_late_for_its_act_is_told_all_the_same_and_nothing_else_again(
    following: Following, root: Path
) -> None:
    news = News()
    append(root / REALTIME, *[line("build_finished", number=n) for n in range(1_200)])
    wait_until(lambda: read.head().position == news.position + 1_200)
    news.position += 1_200
    append(root / REALTIME, line("forgotten") | {"timestamp": "2026-11-23T20:46:20+00:00"})
    assert news.types(1) == ["forgotten"]
    append(root / REALTIME, line("the_end"))
    assert news.types(1) == ["the_end"]


def test_the_same_run_followed_under_another_name_is_one_board_renamed(root: Path) -> None:
    with Following(root):
        pass
    news = News()
    with Following(root, board="Shop"):
        (renamed,) = news.wait(1)
    assert (renamed.event_type, renamed.data["project_name"]) == ("project_updated", "Shop")


def test_two_who_follow_the_same_marcus_tell_each_act_once_between_them(following: Following, root: Path) -> None:
    with Following(root):
        for number in range(40):
            said = {"task_id": f"t{number}", "agent_id": "agent_claude_2"}
            append(root / AGENT_EVENTS, {"timestamp": now(), "event_type": "task_assignment", "data": said})
            append(root / REALTIME, line("task_assignment", **said))
            with closing(sqlite3.connect(root / "data/marcus.db")) as marcus, marcus:
                event = {"event_id": f"evt_two_{number}", "event_type": "task_assigned", "source": "marcus"}
                store(marcus, event | {"timestamp": now(), "data": said, "metadata": {}})
        append(root / REALTIME, line("the_end"))
        wait_until(lambda: event_counts()["the_end"])
    assert event_counts()["task_assigned"] == 25 + 40


def now() -> str:
    return utc_now().isoformat()


def test_a_line_that_only_the_system_may_say_is_refused_and_told_of(following: Following, root: Path) -> None:
    news = News()
    append(root / REALTIME, line("token_revoked", by="admin"), line("note", source="user:admin"), line("still_alive"))
    assert news.types(2) == ["note", "still_alive"]
    wait_until(lambda: any("is reserved" in complaint for complaint in following.complaints))
    assert all(event.source == "marcus" for event in read.following(718, 10))


def test_what_others_publish_under_the_ids_of_acts_swallows_none(root: Path) -> None:
    ids = [event.event_id for event in read_once(root)]
    claims = [Event(event_id, utc_now(), "note", "stranger", {}, {"board_id": "theirs"}) for event_id in ids]
    assert all(receipt.status == "accepted" for receipt in ingest(claims))
    as_marcus = [replace(claim, source="marcus") for claim in claims]
    assert all(receipt.status == "accepted" for receipt in ingest(as_marcus, Authority.OWN_BOARDS))
    with Following(root) as following:
        assert following.said[0].startswith("Up to date: 718 new, 0 known, 0 unreadable")


def test_what_was_read_before_reading_failed_is_in_the_log_and_a_proxy_may_publish(root: Path) -> None:
    lines = [
        line("build_finished", number=number) | {"timestamp": seconds_ago(3_000 - number)} for number in range(1_100)
    ]
    append(root / REALTIME, *lines, line("project_created", project_id="another", project_name="Another"))
    following = Following(root, board="Neither")
    with closing(following.follower), closing(ActLock(is_shared=False)) as lock:
        with pytest.raises(UnknownBoard):
            following.follower.once()
        with lock.held():
            assert 500 < event_counts()["build_finished"] < 1_100
    with closing(Follower(root, None, following, threading.Event())) as again:
        again.once()
    assert event_counts()["build_finished"] == 1_100


def seconds_ago(seconds: float) -> str:
    return (utc_now() - timedelta(seconds=seconds)).isoformat()
