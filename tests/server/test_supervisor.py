"""The supervisor of `up`: it starts again what ends, ends with all of its processes, and none outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from server.supervisor import MAX_PAUSE_S, MIN_PAUSE_S, STEADY_S, Child, ProcessRole
from tests.running_server import SOURCES, restore_sigint
from tests.waiting import TIMEOUT_S, wait_until


class Supervised:
    """A running supervisor; `lines(NAME)` are what a program has written."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self.folder, self.process = folder, process

    def lines(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []

    def pid(self, name: str, start: int = 0) -> int:
        """Wait for a start of the program."""
        wait_until(lambda: len(self.lines(name)) > start)
        return int(self.lines(name)[start].split()[0])

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(TIMEOUT_S)

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()


@contextmanager
def supervised(folder: Path, *names: str) -> Iterator[Supervised]:
    command = [sys.executable, "-m", "tests.server.supervised", str(folder), *names]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=SOURCES, stderr=log, start_new_session=True, preexec_fn=restore_sigint)
    try:
        yield Supervised(folder, process)
    finally:
        process.kill()
        process.wait()


def is_gone(pid: int) -> bool:
    """It has ended; whoever inherited it may not have noticed yet."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_process_that_is_killed_is_started_again_and_the_others_go_on(tmp_path: Path) -> None:
    with supervised(tmp_path, "one", "two") as running:
        first, other = running.pid("one"), running.pid("two")
        os.kill(first, signal.SIGKILL)
        assert running.pid("one", start=1) != first
        assert [line.split()[1] for line in running.lines("one")] == ["True", "False"]
        assert running.end(signal.SIGTERM) == 0
        assert running.lines("two") == [f"{other} True", "finished"]
        assert "The one process was killed by SIGKILL. Starting it again in 0.5 s." in running.log


def test_ctrl_c_reaches_the_processes_through_the_supervisor_alone(tmp_path: Path) -> None:
    with supervised(tmp_path, "one", "two") as running:
        pids = [running.pid("one"), running.pid("two")]
        os.killpg(running.process.pid, signal.SIGINT)
        assert running.process.wait(TIMEOUT_S) == 0
        assert [running.lines(name)[-1] for name in ("one", "two")] == ["finished"] * 2
        assert all(is_gone(pid) for pid in pids)


def test_no_process_outlives_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    with supervised(tmp_path, "one", "stubborn") as running:
        pids = [running.pid("one"), running.pid("stubborn")]
        running.end(signal.SIGKILL)
        wait_until(lambda: all(is_gone(pid) for pid in pids))
        assert running.lines("one") == [f"{pids[0]} True"]


def test_a_second_signal_kills_what_does_not_end(tmp_path: Path) -> None:
    with supervised(tmp_path, "one", "stubborn") as running:
        pid = running.pid("stubborn")
        running.pid("one")
        running.process.send_signal(signal.SIGTERM)
        wait_until(lambda: "finished" in running.lines("one"))
        assert not is_gone(pid)
        assert running.end(signal.SIGTERM) == 0
        assert is_gone(pid)


def test_what_ends_at_once_is_started_again_after_longer_and_longer_pauses(tmp_path: Path) -> None:
    with supervised(tmp_path, "broken") as running:
        running.pid("broken", start=2)
        assert running.end(signal.SIGTERM) == 0
        pauses = [line.rpartition(" again in ")[2] for line in running.log.splitlines()]
        assert pauses[:2] == ["0.5 s.", "1 s."]
        assert "The broken process ended with exit code 7." in running.log


def test_the_pause_has_a_limit_and_is_short_again_after_a_steady_time() -> None:
    child = Child(ProcessRole("any", lambda is_first: None))
    child.started_at = float("inf")  # just now, on any clock
    pauses = []
    for _ in range(9):
        child.schedule_restart("ended")
        pauses.append(child.pause_s)
    assert pauses == [min(MIN_PAUSE_S * 2**n, MAX_PAUSE_S) for n in range(9)]
    child.started_at = child.due - child.pause_s - STEADY_S - 1
    child.schedule_restart("ended")
    assert child.pause_s == MIN_PAUSE_S
