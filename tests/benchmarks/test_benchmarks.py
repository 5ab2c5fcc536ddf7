"""The benchmarks run, and say what they measured. How fast anything is, no test asks."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from benchmarks.contest import Contest, Contestant, Figures, NotMeasured, compete, contestant, start
from benchmarks.goals import GOALS
from tests.running_server import restore_sigint
from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
OURS = ("marcus_events", "publish", "rebuild", "follow", "COPY", "bare", "reading")  # how the names begin
SUBJECTS = ("publish to 0", "store in batches", "HTTP, single", "HTTP, batches", "commit to", "rebuild of", "follow")


@pytest.fixture(scope="module")
def run() -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", "--quick"]
    return subprocess.run(
        command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False, timeout=600
    )


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "MARCUS_"))}


@pytest.fixture(scope="module")
def rows(run: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert run.returncode == 0, run.stderr
    found: list[dict[str, Any]] = json.loads((ROOT / "benchmarks" / "results" / "quick.json").read_text())["rows"]
    return found


def test_every_contestant_is_measured_or_says_why_not(
    run: subprocess.CompletedProcess[str], rows: list[dict[str, Any]]
) -> None:
    for row in rows:
        assert bool(row["figures"]) != bool(row["why_not"])
        assert all(figure > 0 for figures in row["figures"].values() for figure in figures)
        assert row["name"] in run.stdout
        assert row["does"]


def test_whatever_needs_no_other_package_is_measured(rows: list[dict[str, Any]]) -> None:
    assert not {(row["name"], row["why_not"]) for row in rows if row["name"].startswith(OURS) and row["why_not"]}


def test_every_subject_is_compared_with_its_baseline(rows: list[dict[str, Any]]) -> None:
    names = {(row["subject"], row["name"]) for row in rows}
    assert all((row["subject"], row["baseline"]) in names for row in rows)
    assert all(any(subject.startswith(each) for subject, _ in names) for each in SUBJECTS)


def test_every_goal_refers_to_figures_of_the_run(rows: list[dict[str, Any]]) -> None:
    for subject, name, unit in [figure for goal in GOALS for figure in (goal.figure, goal.beside) if figure]:
        [row] = [row for row in rows if row["subject"].startswith(subject) and row["name"] == name]
        assert row["why_not"] or unit in row["figures"]


def test_a_contestant_that_fails_leaves_the_others_in_every_round() -> None:
    def fail() -> Figures:
        raise ConnectionError("the server is gone")

    contest = Contest("a subject", "one", [Contestant("one", "", lambda: {"n": 1.0}), Contestant("two", "", fail)])
    one, two = compete(contest, 3)
    assert one.figures == {"n": [1.0, 1.0, 1.0]}
    assert (two.figures, two.why_not) == ({}, "ConnectionError: the server is gone")


def test_a_server_that_does_not_start_is_reported_with_its_reason() -> None:
    def server() -> AbstractContextManager[str]:
        raise NotMeasured("it is not installed")

    with ExitStack() as stack:
        absent = contestant("absent", "", start(stack, server), lambda running: {"n": 1.0})
    [row] = compete(Contest("a subject", "absent", [absent]), 2)
    assert row.why_not == "it is not installed"


def test_a_signal_whose_exception_is_lost_ends_the_run_all_the_same() -> None:
    """As an exception in a destructor is, or one while a temporary directory cannot be cleaned up."""
    code = """
import os, signal
from benchmarks.contest import Contest, Contestant, compete, end_on_signals

class Lost:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)

def measure():
    Lost()
    return {"n": 1.0}

end_on_signals()
two = Contestant("two", "", lambda: print("went on"))
compete(Contest("a subject", "one", [Contestant("one", "", measure), two]), 1)
print("went on")
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "stopped" in done.stderr


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_ends_what_it_has_started(signal_number: int, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks", "--quick", "--only", "http"]
    nowhere = {"cwd": ROOT, "env": environment() | {"TMPDIR": str(tmp_path)}, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, preexec_fn=restore_sigint, **nowhere) as run:  # type: ignore[call-overload]
        wait_until(lambda: processes_in(tmp_path, "uvicorn"), 180)
        started = processes_in(tmp_path)
        run.send_signal(signal_number)
        assert run.wait(120) != 0
    wait_until(lambda: not [each for each in started if each.is_running()])
    assert not list(tmp_path.iterdir())


def processes_in(directory: Path, program: str = "") -> list[psutil.Process]:
    """Return the processes whose temporary files or data are in this directory, and that run this program."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            command = " ".join(process.cmdline())
            if program in command and str(directory) in " ".join([command, *process.environ().values()]):
                found.append(process)
    return found
