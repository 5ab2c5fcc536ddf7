"""Folders that the server follows by itself: begun, shown, stopped, and apart from each other."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import pytest
from django.db import connection

from marcus_events.core.event import utc_now
from marcus_events.log import read
from marcus_events.models import FollowedFolder
from marcus_events.sources.marcus.folder_followers import follow_folders
from tests.log.processes import ROOT, conninfo_of_test_database
from tests.management.test_follow import start
from tests.running_server import ENDS_WITHIN
from tests.sources.folders import FollowingFolders, add, state_of, wait_for
from tests.sources.following import event_counts, line
from tests.sources.installations import REALTIME, append, copy_run, other_run, read_once
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("log")


def wait_for_events(number: int) -> None:
    wait_until(lambda: read.head().position >= number)
    assert read.head().position == number


def test_a_folder_that_is_added_is_read_and_its_state_is_kept(root: Path) -> None:
    number = len(read_once(root))
    with FollowingFolders():
        folder = add(root)
        wait_for(folder, activity="following", new=number, behind_bytes=0)
        append(root / REALTIME, line("task_request", worker_id="agent_9"), "secret=4711 {")
        state = wait_for(folder, unreadable=1)
        assert state["unreadable_lines"] == [
            [f"{REALTIME}:{len((root / REALTIME).read_bytes().splitlines())}", "is not JSON"]
        ]
        assert "4711" not in str(state)


def test_another_process_goes_on_where_one_has_ended(root: Path) -> None:
    number = len(read_once(root))
    folder = add(root)
    with FollowingFolders():
        wait_for(folder, activity="following", new=number)
    with FollowingFolders():
        wait_for(folder, activity="following", new=0, known=number)
        append(root / REALTIME, line("server_startup"))
        wait_for(folder, new=1)
    wait_for_events(number + 1)


def test_of_two_processes_one_follows_and_the_other_takes_over(root: Path) -> None:
    number = len(read_once(root))
    folder = add(root)
    with FollowingFolders():
        wait_for(folder, activity="following", new=number)
        with FollowingFolders():
            since = state_of(folder)["since"]
            seen_at = utc_now()
            wait_until(lambda: FollowedFolder.objects.filter(state_at__gt=seen_at).exists())
            assert state_of(folder)["since"] == since
        append(root / REALTIME, line("server_startup"))
        wait_for(folder, new=number + 1)


def test_a_worker_follows_them_too(root: Path) -> None:
    """A process without the web, as `manage.py worker` starts it."""
    number = len(read_once(root))
    folder = add(root)
    environment = os.environ | {"DATABASE_URL": conninfo_of_test_database()}
    environment["DJANGO_SETTINGS_MODULE"] = "config.settings"
    worker = subprocess.Popen([sys.executable, "manage.py", "worker"], cwd=ROOT, env=environment)
    try:
        wait_for(folder, activity="following", new=number)
    finally:
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(ENDS_WITHIN) == 0


def test_a_folder_that_is_taken_out_is_followed_no_more(root: Path, tmp_path: Path) -> None:
    other = other_run(tmp_path / "other", "Library")
    number = len(read_once(root)) + len(read_once(other))
    stopped, kept = add(root), add(other)
    with FollowingFolders():
        wait_for(stopped, activity="following", behind_bytes=0)
        wait_for(kept, activity="following", behind_bytes=0)
        wait_until(lambda: read.head().position == number)
        stopped.delete()
        wait_until(
            lambda: not [found for found in threading.enumerate() if found.name == f"follow folder {kept.pk - 1}"]
        )
        append(root / REALTIME, line("server_startup"))
        append(other / REALTIME, line("server_startup"))
        wait_until(lambda: read.head().position == number + 1)
    wait_for_events(number + 1)


def test_two_folders_are_two_boards(root: Path, tmp_path: Path) -> None:
    other = other_run(tmp_path / "other", "Library")
    folders = [add(root), add(other)]
    with FollowingFolders():
        for folder in folders:
            wait_for(folder, activity="following", behind_bytes=0)
        wait_until(lambda: event_counts()["project_created"] == 2)


def test_a_folder_that_vanishes_is_waited_for_and_goes_on_when_it_is_back(root: Path, tmp_path: Path) -> None:
    number = len(read_once(root))
    folder = add(root)
    with FollowingFolders():
        wait_for(folder, activity="following", new=number)
        shutil.move(root, tmp_path / "elsewhere")
        wait_for(folder, activity="waiting")
        shutil.move(tmp_path / "elsewhere", root)
        wait_for(folder, activity="following")
        append(root / REALTIME, line("server_startup"))
        wait_for_events(number + 1)


def test_it_may_be_followed_by_the_command_at_the_same_time(root: Path) -> None:
    number = len(read_once(root))
    folder = add(root)
    command = start(root)
    assert command.stderr
    assert command.stderr.readline().startswith("Up to date")
    try:
        with FollowingFolders():
            wait_for(folder, activity="following", known=number)
            for expected in range(number + 1, number + 4):
                append(root / REALTIME, line("server_startup"))
                wait_until(partial(has_grown_to, expected))
    finally:
        command.send_signal(signal.SIGTERM)
        out, _ = command.communicate()
    assert "0 unreadable" in out
    wait_for_events(number + 3)


def has_grown_to(number: int) -> bool:
    return read.head().position >= number


def test_it_goes_on_when_the_connection_that_holds_its_lease_is_lost(root: Path) -> None:
    number = len(read_once(root))
    folder = add(root)
    with FollowingFolders():
        since = wait_for(folder, activity="following", new=number)["since"]
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'marcus followed folders' AND datname = current_database()"
            )
            assert cursor.fetchall() == [(True,)]
        append(root / REALTIME, line("server_startup"))
        wait_for(folder, new=number + 1)
        assert state_of(folder)["since"] == since


def test_one_that_fails_says_why_is_tried_again_and_stops_no_other(root: Path, tmp_path: Path) -> None:
    too_long = tmp_path / ("x" * 300)  # no file system takes such a name
    failing, misnamed, kept = add(too_long), add(tmp_path, time_zone="Nowhere/Atall"), add(root)
    with FollowingFolders():
        assert wait_for(failing, activity="failed")["reason"] == "File name too long."
        assert wait_for(misnamed, activity="failed")["reason"].startswith("An error occurred (ZoneInfoNotFoundError).")
        wait_for(kept, activity="following", behind_bytes=0)
        append(root / REALTIME, line("server_startup"))
        wait_until(lambda: event_counts()["system_startup"] == 2)


def test_one_that_failed_goes_on_as_soon_as_it_can(root: Path) -> None:
    number = len(read_once(root))
    link = root.with_name("link")
    link.symlink_to("x" * 300)
    folder = add(link)
    with FollowingFolders():
        wait_for(folder, activity="failed")
        link.unlink()
        link.symlink_to(root)
        assert wait_for(folder, activity="following", new=number)["reason"] == ""


def test_nothing_outside_of_the_folder_is_read(root: Path, tmp_path: Path) -> None:
    number = len(read_once(root))
    outside = tmp_path / "outside"
    copy_run(outside)
    append(outside / REALTIME, line("server_startup"))
    (root / "logs/conversations/realtime_20991231_000000.jsonl").symlink_to(outside / REALTIME)
    (root / "logs/elsewhere").symlink_to(outside / "logs")
    folder = add(root)
    with FollowingFolders():
        state = wait_for(folder, activity="following", new=number)
        assert [name for name, _ in state["unread_files"]] == [
            "logs/conversations/realtime_20991231_000000.jsonl",
            "logs/elsewhere/",
        ]
        (root / "data/kanban.db").unlink()
        (root / "data/kanban.db").symlink_to(outside / "data/kanban.db")
        assert wait_for(folder, activity="waiting")["leading_out"] == ["data/kanban.db"]


def test_what_is_no_plain_file_is_not_opened(root: Path) -> None:
    """To open a pipe waits for whoever writes to it."""
    (root / "data/marcus_state").mkdir(exist_ok=True)
    os.mkfifo(root / "data/marcus_state/subtasks.json")
    folder = add(root)
    with FollowingFolders():
        assert wait_for(folder, activity="waiting")["leading_out"] == ["data/marcus_state/subtasks.json"]
        (root / "data/marcus_state/subtasks.json").unlink()
        wait_for(folder, activity="following", behind_bytes=0)


def test_it_ends_when_it_is_told_to_also_without_any_folder() -> None:
    stop = threading.Event()
    thread = threading.Thread(target=follow_folders, args=(stop,))
    thread.start()
    stop.set()
    thread.join(20)
    assert not thread.is_alive()
