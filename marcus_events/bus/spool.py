"""The spool: events on disk, in SQLite, until they can be stored where they belong.

What `put` has returned from survives a kill of this process. One living process owns a spool; the lock goes with the
process, so that what a killed one left is taken up by the next. Events come out in the order in which they went in.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Self

from marcus_events.core.event import Event

logger = logging.getLogger(__name__)

MAX_BYTES = 1024**3  # of the file; about two million ordinary events
PAGE_BYTES = 4096
TABLE = """
CREATE TABLE IF NOT EXISTS event (
    number INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL, refused TEXT
)
"""


class SpoolBusy(OSError):
    """Another living process has this spool."""


class SpoolFailed(OSError):
    """The spool cannot take or give events: the disk is full or broken, or an event cannot be put into JSON."""


class Spool:
    """The events of one file. Safe to use from any thread."""

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES) -> None:
        """Raises SpoolBusy or SpoolFailed. A file that is no spool is put aside, and another one begun."""
        self.path = path
        self._lock = threading.Lock()
        self._max_pages = max_bytes // PAGE_BYTES
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._connection = self._open()
        except sqlite3.DatabaseError as error:
            if is_busy(error):
                raise SpoolBusy(f"{path} is used by another process") from error
            if isinstance(error, sqlite3.OperationalError):
                raise SpoolFailed(f"{path}: {error}") from error
            self._put_file_aside(error)
            self._connection = self._open()
        except OSError as error:
            raise SpoolFailed(f"{path}: {error}") from error
        self._waiting = self._count()

    @classmethod
    def claim(cls, directory: Path, *, max_bytes: int = MAX_BYTES) -> Self:
        """The first spool in a directory that no living process has."""
        for number in count():
            try:
                return cls(directory / f"{number}.db", max_bytes=max_bytes)
            except SpoolBusy:
                continue
        raise AssertionError("unreachable")

    def __len__(self) -> int:
        """How many events wait, those that were set aside left out."""
        return self._waiting

    def put(self, events: Sequence[Event]) -> None:
        """Return when they are on disk. Raises SpoolFailed, and then none of them is."""
        try:
            bodies = [(event.to_json(),) for event in events]
        except (TypeError, ValueError) as error:
            raise SpoolFailed(f"an event cannot be put into JSON: {error}") from error
        with self._changing() as connection:
            connection.executemany("INSERT INTO event (body) VALUES (?)", bodies)
        self._waiting += len(bodies)

    def peek(self, limit: int, max_bytes: int | None = None) -> list[tuple[int, Event]]:
        """The oldest that wait, with their numbers: at most `limit`, and of `max_bytes` of JSON, but at least one."""
        query = "SELECT number, body FROM event WHERE refused IS NULL ORDER BY number LIMIT ?"
        with self._changing() as connection:
            rows = connection.execute(query, (limit,)).fetchall()
        return [(number, Event.from_json(body)) for number, body in within_bytes(rows, max_bytes)]

    def remove(self, numbers: Iterable[int]) -> None:
        rows = [(number,) for number in numbers]
        with self._changing() as connection:
            waited = connection.executemany("DELETE FROM event WHERE number = ? AND refused IS NULL", rows).rowcount
            connection.executemany("DELETE FROM event WHERE number = ?", rows)
        self._waiting -= waited

    def set_aside(self, number: int, reason: str) -> None:
        """Keep it, but let it wait no longer."""
        with self._changing() as connection:
            connection.execute("UPDATE event SET refused = ? WHERE number = ?", (reason, number))
        self._waiting = self._count()

    def aside(self) -> list[tuple[int, Event, str]]:
        """What was set aside, and why."""
        query = "SELECT number, body, refused FROM event WHERE refused IS NOT NULL ORDER BY number"
        with self._changing() as connection:
            rows = connection.execute(query).fetchall()
        return [(number, Event.from_json(body), reason) for number, body, reason in rows]

    def put_back(self, numbers: Iterable[int]) -> None:
        """Let what was set aside wait again, in its old place."""
        with self._changing() as connection:
            for number in numbers:
                connection.execute("UPDATE event SET refused = NULL WHERE number = ?", (number,))
        self._waiting = self._count()

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _open(self) -> sqlite3.Connection:
        self.path.touch(mode=0o600)
        connection = sqlite3.connect(self.path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")  # before WAL is: then no other process gets in
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(
                "PRAGMA synchronous = NORMAL"
            )  # survives a killed process; a power cut may cost the last
            connection.execute(f"PRAGMA max_page_count = {self._max_pages}")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute(TABLE)
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        return connection

    def _put_file_aside(self, error: Exception) -> None:
        broken = next(p for n in count() if not (p := self.path.with_suffix(f".broken-{n}")).exists())
        self.path.rename(broken)
        for suffix in ("-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        logger.warning("%s is no spool (%s); it is kept as %s, and another one begun", self.path, error, broken.name)

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        """A transaction. Raises SpoolFailed."""
        with self._lock:
            try:
                self._connection.execute("BEGIN")
                yield self._connection
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                self._roll_back()
                raise SpoolFailed(f"{self.path}: {error}") from error

    def _roll_back(self) -> None:
        with suppress(sqlite3.Error):  # SQLite may have done so by itself
            self._connection.execute("ROLLBACK")

    def _count(self) -> int:
        with self._changing() as connection:
            return int(connection.execute("SELECT count(*) FROM event WHERE refused IS NULL").fetchone()[0])


def is_busy(error: sqlite3.DatabaseError) -> bool:
    return getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def within_bytes(rows: list[tuple[int, str]], max_bytes: int | None) -> Iterator[tuple[int, str]]:
    taken = 0
    for n, (number, body) in enumerate(rows):
        taken += len(body)
        if n and max_bytes is not None and taken > max_bytes:
            return
        yield number, body
