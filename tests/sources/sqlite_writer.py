"""A process that writes a SQLite database without a busy timeout: any lock in its way is an error at once.

SQLite's locks belong to processes, so only another process can notice ours.

    python -m tests.sources.sqlite_writer PATH JOURNAL_MODE

Runs each line of its standard input as a statement and answers "ok" or the error. After "write" it commits repeatedly
until the next line, and answers with the number of commits.
"""

from __future__ import annotations

import select
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Self

TABLES = "CREATE TABLE note(text TEXT); CREATE TABLE tally(total); INSERT INTO tally VALUES(0)"
REST_S = 0.003  # between commits: enough time to read a small database on a busy machine
COMMIT = (
    "BEGIN IMMEDIATE",
    "INSERT INTO note VALUES (hex(randomblob(500)))",
    "UPDATE tally SET total = total + 1",
    "COMMIT",
)


def connect(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=0, isolation_level=None)
    connection.execute(f"PRAGMA journal_mode = {mode}")
    return connection


def make(path: Path, mode: str = "delete") -> Path:
    """Create a database with notes and a tally that equals their number in every committed state."""
    with closing(connect(path, mode)) as connection:
        connection.executescript(TABLES)
    return path


class Writer:
    """The process, inside the block."""

    def __init__(self, path: Path, mode: str) -> None:
        self.command = [sys.executable, "-m", "tests.sources.sqlite_writer", str(path), mode]

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.answer() == "ready"
        return self

    def __exit__(self, *error: object) -> None:
        self.process.communicate()

    def begin(self, statement: str) -> None:
        assert self.process.stdin is not None
        print(statement, file=self.process.stdin, flush=True)

    def answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def do(self, *statements: str) -> str:
        """Return the last statement's answer; all earlier ones must succeed."""
        answers = []
        for statement in statements:
            self.begin(statement)
            answers.append(self.answer())
        assert set(answers[:-1]) <= {"ok"}, answers
        return answers[-1]


def main(path: str, mode: str) -> None:
    with closing(connect(Path(path), mode)) as connection:
        print("ready", flush=True)
        for line in iter(sys.stdin.readline, ""):
            try:
                answer = write(connection) if line.strip() == "write" else run(connection, line)
            except sqlite3.Error as error:
                answer = str(error)
            print(answer, flush=True)


def run(connection: sqlite3.Connection, statement: str) -> str:
    connection.execute(statement)
    return "ok"


def write(connection: sqlite3.Connection) -> str:
    commits = 0
    while not select.select([sys.stdin], [], [], REST_S)[0]:
        for statement in COMMIT:
            connection.execute(statement)
        commits += 1
    return str(commits)


if __name__ == "__main__":
    main(*sys.argv[1:])
