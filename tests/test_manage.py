"""Which commands get the embedded PostgreSQL, and which Python runs them."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import manage
from manage import needs_database


@pytest.mark.parametrize("command", ["up", "worker", "follow /marcus", "migrate", "shell", "createsuperuser"])
def test_a_command_that_reads_or_writes_gets_it(command: str) -> None:
    assert needs_database(["manage.py", *command.split()])


@pytest.mark.parametrize(
    "command",
    ["", "help", "--help", "-h", "--version", "check", "makemigrations --check", "collectstatic", "up --help"],
)
def test_a_command_that_does_not_starts_nothing(command: str) -> None:
    assert not needs_database(["manage.py", *command.split()])


def test_a_python_without_the_packages_hands_over_to_the_one_that_has_them(tmp_path: Path) -> None:
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\necho handed over: $2 $3\n")
    python.chmod(0o755)
    program = shutil.copy(manage.__file__, tmp_path)
    bare = [sys.executable, "-I", "-S", program, "follow", "/marcus"]
    assert subprocess.check_output(bare, text=True) == "handed over: follow /marcus\n"
