"""Killed without warning: producers, then PostgreSQL itself. What was acknowledged is there, once."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from marcus_events import postgres
from marcus_events.postgres.data_directory import DataDirectory
from tests.log.processes import acknowledged, start_appender, start_reader
from tests.migrated import copy_migrated
from tests.waiting import wait_until

ROUNDS = 10
ENDLESS = 1_000_000


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of this test's own, which may be killed."""
    directory = tmp_path_factory.mktemp("killed")
    copy_migrated(directory)
    with postgres.ClusterMember(DataDirectory.under(directory)) as member:
        yield member.directory.conninfo


def kill_postgres(conninfo: str) -> None:
    """Kill the server as soon as one runs: sessions outlive the one before, and acknowledge more until they notice."""
    host = dict(part.split("=", 1) for part in conninfo.split())["host"]
    wait_until(lambda: is_killed(Path(host) / "data" / "postmaster.pid"), timeout=180)


def is_killed(pid_file: Path) -> bool:
    try:
        os.kill(int(pid_file.read_text().splitlines()[0]), signal.SIGKILL)
    except (ProcessLookupError, FileNotFoundError, IndexError):  # it is being restarted
        return False
    return True


def test_no_acknowledged_event_is_lost_or_doubled_by_ten_kills(server: str, tmp_path: Path) -> None:
    """Two producers live on, one is killed and started again; a tail follows through all of it."""
    answers, seen = tmp_path / "answers", tmp_path / "seen"
    answers.mkdir()
    running = {name: start_appender(name, ENDLESS, server, answers) for name in ("a", "b", "c")}
    reader = start_reader(server, seen)
    try:
        for _ in range(ROUNDS):
            wait_for_more(answers)
            kill(running["a"])
            kill_postgres(server)
            running["a"] = start_appender("a", ENDLESS, server, answers)
        wait_for_more(answers)
        for appender in running.values():
            kill(appender)
        stored = check(server, acknowledged(answers))
        wait_until(lambda: seen.read_text().splitlines() == [str(n + 1) for n in range(stored)])
    finally:
        for process in (*running.values(), reader):
            kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def wait_for_more(answers: Path) -> None:
    before = len(acknowledged(answers))
    wait_until(lambda: len(acknowledged(answers)) > before + 100, timeout=180)


def check(conninfo: str, told: dict[str, int]) -> int:
    """How many events the log holds, once it is sure that they are those that were acknowledged, and whole."""
    stored = wait_until(lambda: stored_positions(conninfo), timeout=180)
    assert sorted(stored.values()) == list(range(1, len(stored) + 1))
    assert {event_id: stored.get(event_id) for event_id in told} == told
    return len(stored)


def stored_positions(conninfo: str) -> dict[str, int]:
    try:
        with psycopg.connect(conninfo) as connection:
            rows = connection.execute("SELECT event_id, position FROM event ORDER BY position").fetchall()
    except psycopg.OperationalError:
        return {}
    assert len({event_id for event_id, _ in rows}) == len(rows)
    return dict(rows)
