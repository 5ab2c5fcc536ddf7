"""Starts appenders and readers, and reads their output."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from django.db import connection

ROOT = Path(__file__).resolve().parent.parent.parent


def conninfo_of_test_database() -> str:
    settings = connection.settings_dict
    parts = {key: settings[name] for key, name in (("host", "HOST"), ("port", "PORT"), ("user", "USER"))}
    parts |= {"password": settings["PASSWORD"], "dbname": settings["NAME"]}
    return " ".join(f"{key}={value}" for key, value in parts.items() if value)


def start_appender(name: str, count: int, conninfo: str, answers: Path, *flags: str) -> subprocess.Popen[bytes]:
    """Append acknowledgements to a file named after the appender."""
    return start("tests.log.appender", conninfo, answers / name, name, str(count), *flags)


def start_reader(conninfo: str, seen: Path) -> subprocess.Popen[bytes]:
    """Append the positions that its tail sees to a file."""
    return start("tests.log.reader", conninfo, seen)


def start(module: str, conninfo: str, output: Path, *arguments: str) -> subprocess.Popen[bytes]:
    environment = os.environ | {"DATABASE_URL": conninfo, "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-m", module, *arguments]
    with output.open("ab") as out:
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stdin=subprocess.DEVNULL)


def acknowledged(answers: Path) -> dict[str, int]:
    """Return event_id → position of all appenders; ignores lines cut off by a kill."""
    found: dict[str, int] = {}
    for file in answers.iterdir():
        for line in file.read_text().splitlines(keepends=True):
            event_id, _, position = line.partition(" ")
            if position.endswith("\n"):
                assert found.setdefault(event_id, int(position)) == int(position), f"{event_id} stands twice"
    return found


def migrate(conninfo: str) -> None:
    environment = os.environ | {"DATABASE_URL": conninfo, "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
