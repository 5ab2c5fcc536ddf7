"""The spool: a queue of events on disk, in SQLite, until they can be stored where they belong.

Events survive a kill of this process once `put` has returned. A spool is locked by one process at a time; the lock ends
with the process, so the next one continues with what a killed process left. The order of the events is preserved.
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

MAX_BYTES = 1024**3  # of the file: about two million ordinary events
PAGE_BYTES = 4096
TABLE = """
CREATE TABLE IF NOT EXISTS event (
    number INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL, refused TEXT
)
"""


class SpoolBusy(OSError):
    """Another running process has locked this spool."""


class SpoolFailed(OSError):
    """The spool cannot be read or written: the disk is full or broken, or an event cannot be encoded as JSON."""


class Spool:
    """A queue of events in one file. Safe to use from any thread."""

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES) -> None:
        """Raises SpoolBusy or SpoolFailed. A file that is not a spool is renamed, and a new one created."""
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
            self._rename_broken_file(error)
            self._connection = self._open()
        except OSError as error:
            raise SpoolFailed(f"{path}: {error}") from error
        self._waiting = self._count()

    @classmethod
    def claim(cls, directory: Path, *, max_bytes: int = MAX_BYTES) -> Self:
        """Open the first spool in a directory that no running process has locked."""
        for number in count():
            try:
                return cls(directory / f"{number}.db", max_bytes=max_bytes)
            except SpoolBusy:
                continue
        raise AssertionError("unreachable")

    def __len__(self) -> int:
        """How many events are waiting, without those that were set aside."""
        return self._waiting

    def put(self, events: Sequence[Event]) -> None:
        """Return when all events are on disk. Raises SpoolFailed, and then none of them is."""
        try:
            bodies = [(event.to_json(),) for event in events]
        except (TypeError, ValueError) as error:
            raise SpoolFailed(f"an event cannot be encoded as JSON: {error}") from error
        with self._transaction() as connection:
            connection.executemany("INSERT INTO event (body) VALUES (?)", bodies)
        self._waiting += len(bodies)

    def peek(self, limit: int, max_bytes: int | None = None) -> list[tuple[int, Event]]:
        """The oldest waiting events with their numbers: at most `limit`, and `max_bytes` of JSON, but at least one."""
        query = "SELECT number, body FROM event WHERE refused IS NULL ORDER BY number LIMIT ?"
        with self._transaction() as connection:
            rows = connection.execute(query, (limit,)).fetchall()
        return [(number, Event.from_json(body)) for number, body in within_bytes(rows, max_bytes)]

    def remove(self, numbers: Iterable[int]) -> None:
        rows = [(number,) for number in numbers]
        with self._transaction() as connection:
            waited = connection.executemany("DELETE FROM event WHERE number = ? AND refused IS NULL", rows).rowcount
            connection.executemany("DELETE FROM event WHERE number = ?", rows)
        self._waiting -= waited

    def set_aside(self, number: int, reason: str) -> None:
        """Take an event out of the queue, but preserve it in the file, with the reason."""
        with self._transaction() as connection:
            connection.execute("UPDATE event SET refused = ? WHERE number = ?", (reason, number))
        self._waiting = self._count()

    def aside(self) -> list[tuple[int, Event, str]]:
        """The events that were set aside, with their numbers and reasons."""
        query = "SELECT number, body, refused FROM event WHERE refused IS NOT NULL ORDER BY number"
        with self._transaction() as connection:
            rows = connection.execute(query).fetchall()
        return [(number, Event.from_json(body), reason) for number, body, reason in rows]

    def put_back(self, numbers: Iterable[int]) -> None:
        """Return events that were set aside to their old place in the queue."""
        with self._transaction() as connection:
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
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")  # before WAL mode: then no other process can open it
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")  # survives a kill; a power cut may lose the last events
            connection.execute(f"PRAGMA max_page_count = {self._max_pages}")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute(TABLE)
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        return connection

    def _rename_broken_file(self, error: Exception) -> None:
        broken = next(p for n in count() if not (p := self.path.with_suffix(f".broken-{n}")).exists())
        self.path.rename(broken)
        for suffix in ("-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        logger.warning("%s is not a spool (%s); it is kept as %s, and a new one is used", self.path, error, broken.name)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Raises SpoolFailed."""
        with self._lock:
            try:
                self._connection.execute("BEGIN")
                yield self._connection
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                self._roll_back()
                raise SpoolFailed(f"{self.path}: {error}") from error

    def _roll_back(self) -> None:
        with suppress(sqlite3.Error):  # SQLite may have rolled back by itself
            self._connection.execute("ROLLBACK")

    def _count(self) -> int:
        with self._transaction() as connection:
            return int(connection.execute("SELECT count(*) FROM event WHERE refused IS NULL").fetchone()[0])


def is_busy(error: sqlite3.DatabaseError) -> bool:
    return getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def within_bytes(rows: list[tuple[int, str]], max_bytes: int | None) -> Iterator[tuple[int, str]]:
    total = 0
    for n, (number, body) in enumerate(rows):
        total += len(body)
        if n and max_bytes is not None and total > max_bytes:
            return
        yield number, body
