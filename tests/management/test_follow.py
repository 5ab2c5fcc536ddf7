"""`manage.py follow` as a person runs it: a process of its own on a real database."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from psycopg.sql import SQL

from marcus_events import models
from marcus_events.log import read
from marcus_events.log.connect import connect
from marcus_events.projections import PROJECTIONS, catch_up
from tests.log.processes import ROOT, conninfo_of_test_database
from tests.sources import conversing as say
from tests.sources.boards import report_blocker
from tests.sources.following import event_counts, line
from tests.sources.installations import CONVERSATIONS, REALTIME, append, copy_run
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("log")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return copy_run(tmp_path / "marcus")


def start(*arguments: str | Path) -> subprocess.Popen[str]:
    command = [sys.executable, "manage.py", "follow", *map(str, arguments)]
    environment = os.environ | {"DATABASE_URL": conninfo_of_test_database()}
    environment["DJANGO_SETTINGS_MODULE"] = "config.settings"
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def once(*arguments: str | Path) -> str:
    """What it prints as its result."""
    out, err = (process := start(*arguments, "--once")).communicate()
    errors = [line for line in err.splitlines() if " MB read: " not in line]  # progress, where it takes a while
    assert (process.returncode, errors) == (0, []), err
    return out.splitlines()[-1]


def refused(*arguments: str | Path) -> str:
    process = start(*arguments)
    _, err = process.communicate()
    assert process.returncode == 1
    return err.strip()


def files(folder: Path) -> dict[Path, tuple[bytes, int]]:
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


def test_reading_the_run_once_gives_its_board(root: Path) -> None:
    before = files(root)
    assert once(root) == "718 new, 0 known, 0 unreadable; skipped 829 lines of conversation"
    assert files(root) == before
    catch_up(PROJECTIONS)
    check_board()
    counts = event_counts()
    assert (counts["decision_logged"], counts["task_assigned"], counts["task_completed"]) == (19, 25, 25)


def check_board() -> None:
    assert [board.name for board in models.Board.objects.now()] == ["Storefront"]
    tasks = list(models.Task.objects.now())
    assert Counter(task.status for task in tasks) == {"done": 25}
    assert all(task.agent_id.startswith("agent_claude_") and task.name != task.task_id for task in tasks)
    assert models.Dependency.objects.now().count() == 20
    blockers = list(models.Blocker.objects.now())
    assert Counter((blocker.severity, blocker.resolved_at is not None) for blocker in blockers) == {
        ("high", True): 6,
        ("medium", True): 3,
    }
    assert all(blocker.description and blocker.agent_id and blocker.suggestion for blocker in blockers)
    assert {blocker.task_id for blocker in blockers} <= {task.task_id for task in tasks}
    agents = {agent.agent_id: agent for agent in models.Agent.objects.now()}
    assert len(agents) == 4
    assert agents["agent_claude_1"].name == "Claude 1"
    assert agents["agent_claude_1"].role == "Frontend Developer"
    assert agents["agent_claude_1"].skills == ["typescript", "react", "frontend"]


def test_a_second_time_nothing_is_new_and_then_what_was_added(root: Path) -> None:
    once(root)
    assert once(root).startswith("0 new, 718 known")
    append(root / REALTIME, *[line("build_finished", number=n) for n in range(10)])
    append(root / REALTIME, '{"timestamp": "2026-11-23T21', end=b"")
    assert once(root).startswith("10 new, 718 known")
    append(root / REALTIME, ':00:00+00:00", "type": "half_a_line"}')
    assert once(root).startswith("1 new, 728 known")
    assert read.head().position == 729


def test_killed_in_the_middle_again_and_again_nothing_is_lost_and_nothing_told_twice(root: Path) -> None:
    for number in range(6):
        lines = (line("build_finished", number=number * 2_000 + n) for n in range(2_000))
        append(root / REALTIME.replace("204618", f"20461{number}"), *lines)
    for position in (1, 3_000, 7_000):
        with held_up_after(position) as is_held_up:
            follow = start(root)
            wait_until(is_held_up)
            follow.kill()
            follow.communicate()
        assert not log_reaches(718 + 12_000)
    once(root)
    assert read.head().position == 718 + 12_000
    counts = event_counts()
    assert (counts["build_finished"], counts["task_completed"], counts["task_blocked"]) == (12_000, 25, 9)


HOLD_UP = """
CREATE FUNCTION hold_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.position > TG_ARGV[0]::bigint THEN PERFORM pg_advisory_xact_lock_shared(1); END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER hold_up BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION hold_up({});
"""


@contextmanager
def held_up_after(position: int) -> Iterator[Callable[[], bool]]:
    """Whoever appends to the log waits behind this position; yields whether somebody does."""
    with connect("test", autocommit=True) as test:
        test.execute(SQL(HOLD_UP).format(position))
        test.execute("SELECT pg_advisory_lock(1)")
        try:
            yield lambda: test.execute("SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted").rowcount > 0
        finally:
            test.execute("SELECT pg_advisory_unlock(1)")
            test.execute("DROP FUNCTION hold_up CASCADE")


def log_reaches(position: int) -> bool:
    return read.head().position >= position


def test_it_follows_until_it_is_told_to_end_and_says_what_it_did(root: Path) -> None:
    follow = start(root)
    wait_until(lambda: read.head().position == 718)
    report_blocker(root, "The payment sandbox is down", "30e349b3032e4f80aa8f6d1cc32a5a3e")
    wait_until(lambda: read.head().position == 720)
    follow.send_signal(signal.SIGTERM)
    out, err = follow.communicate()
    assert follow.returncode == 0
    assert err.startswith("Up to date: 718 new, 0 known")
    assert out.splitlines()[-1].startswith("720 new, 0 known, 0 unreadable")


def test_what_cannot_be_read_is_named_with_file_and_line(root: Path) -> None:
    append(root / REALTIME, "garbage")
    out, err = start(root, "--once").communicate()
    assert err == f"{REALTIME}:402 is not JSON: Expecting value at character 1\n"
    assert out.splitlines()[-1] == "718 new, 0 known, 1 unreadable; skipped 829 lines of conversation"


def test_a_board_may_be_given_another_name(root: Path) -> None:
    once(root, "--board", "Shop")
    catch_up(PROJECTIONS)
    assert [board.name for board in models.Board.objects.now()] == ["Shop"]


def test_it_refuses_what_is_no_marcus(tmp_path: Path) -> None:
    (file := tmp_path / "file").touch()
    assert refused(file) == f"CommandError: {file} is not a folder. Use the folder where Marcus was started."
    assert refused(tmp_path, "--once").startswith(f"CommandError: No Marcus files in {tmp_path}: ")


def test_the_summary_says_what_waits_for_an_answer_and_what_is_on_no_board(root: Path) -> None:
    once(root)
    with closing(sqlite3.connect(root / "data/kanban.db")) as board, board:
        columns = "id, name, created_at, updated_at"
        board.execute(f"INSERT INTO projects({columns}) SELECT 'p2', 'Bank', created_at, created_at FROM projects")  # noqa: S608
    asked, answer, later = say.now(), say.now(), say.now()
    append(root / CONVERSATIONS, say.request("agent_1", asked), say.none_suitable("agent_1", answer))
    append(root / CONVERSATIONS, say.progress("agent_1", "t", later))
    assert once(root).endswith("; 1 without Marcus's answer yet")
    assert "; without a board: " in once(root)
