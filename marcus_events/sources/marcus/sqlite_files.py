"""Read a SQLite database that another program writes: without a lock it could feel, without a byte or a file of
our own.

SQLite's own read-only mode does neither: in a rollback-journal database its shared lock can make a commit wait
or fail, and in a WAL database it creates `-wal` and `-shm` beside it, where the program that owns them may find
them. So:

1. Nobody is writing (no live journal, no WAL content): read as immutable, with no locks at all, and keep what
   was read only if the file is still the same afterwards. The journal is looked at before the file's counters:
   who began meanwhile is seen by the one, who also ended by the other.
2. A WAL with content and its index: take part as SQLite's readers do, with the index opened read-only. In WAL
   mode a reader never makes a writer wait.
3. A WAL without an index (a copied or crashed database): read a private copy of both.

Where none of this succeeds just now, `Busy` says: look again later. A short look (a few milliseconds) is tried
again at once.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

Result = TypeVar("Result")
Signature = tuple[object, ...]
Query = Callable[[sqlite3.Connection], Result]

MAGIC = b"SQLite format 3\0"
HEADER_BYTES = 100
WAL_FORMAT = 2  # byte 18: how the file is written
TRIES = 5
PAUSE_S = 0.01  # a commit with its syncs takes about as long
TICK_S = 0.1  # well over the steps in which file systems keep times: until then a file can change under the same time


class SqliteBusy(RuntimeError):
    """The database is being written just now, or cannot be opened: look again later."""


class NotADatabase(ValueError):
    """The file is no SQLite database, or a broken one; the message says which."""


class Database:
    """A database file, and whether it has changed since it was last read whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read: Signature = ()

    def changed(self) -> bool:
        return self._read != self.signature()

    def done(self, signature: Signature) -> None:
        """Everything was read that the file held when it had this signature."""
        is_settled = all(time.time() - changed_at(path) > TICK_S for path in (self.path, beside(self.path, "-wal")))
        self._read = signature if is_settled else ()

    def signature(self) -> Signature:
        """What changes with every commit."""
        wal = beside(self.path, "-wal")
        return (*stamp(self.path), *(stamp(wal) if has_content(wal) else ()), header(self.path)[24:28])

    def read(self, query: Query[Result]) -> Result:
        """What `query` finds in one consistent state of the database. Raises Busy, NotADatabase."""
        for _ in range(TRIES - 1):
            try:
                return self._read_once(query)
            except SqliteBusy:
                time.sleep(PAUSE_S)
        return self._read_once(query)

    def is_there(self) -> bool:
        """Whether there is anything to read: a database that was only just made is empty. Raises NotADatabase."""
        try:
            return has_content(self.path)
        except OSError as error:
            raise NotADatabase(f"cannot be opened: {error.strerror}") from error

    def _read_once(self, query: Query[Result]) -> Result:
        start = header(self.path)
        if start[:16] != MAGIC:
            raise NotADatabase("is not an SQLite database")
        if start[18] == WAL_FORMAT and has_content(beside(self.path, "-wal")):
            return self._read_wal(query)
        return self._read_at_rest(query)

    def _read_at_rest(self, query: Query[Result]) -> Result:
        before = self.signature()
        if is_being_written(self.path):
            raise SqliteBusy("a transaction is under way")
        try:
            with opened(self.path, "immutable=1") as connection:
                found = query(connection)
        except sqlite3.DatabaseError as error:
            raise self._busy_or_broken(before, error) from error
        if is_being_written(self.path) or self.signature() != before:
            raise SqliteBusy("it was written meanwhile")
        return found

    def _read_wal(self, query: Query[Result]) -> Result:
        if not beside(self.path, "-shm").exists():
            return self._read_copy(query)
        before = self.signature()
        try:
            with opened(self.path, "mode=ro&readonly_shm=1") as connection:
                connection.execute("BEGIN")
                return query(connection)
        except sqlite3.OperationalError as error:
            raise SqliteBusy(str(error)) from error
        except sqlite3.DatabaseError as error:
            raise self._busy_or_broken(before, error) from error

    def _read_copy(self, query: Query[Result]) -> Result:
        before = self.signature()
        with tempfile.TemporaryDirectory(prefix="marcus-events-") as folder:
            copy = Path(folder) / self.path.name
            try:
                shutil.copyfile(self.path, copy)
                shutil.copyfile(beside(self.path, "-wal"), beside(copy, "-wal"))
            except FileNotFoundError as error:
                raise SqliteBusy("it was closed meanwhile") from error
            except OSError as error:
                raise SqliteBusy(f"it cannot be copied to {folder}: {error.strerror}") from error
            if self.signature() != before:
                raise SqliteBusy("it was written meanwhile")
            try:
                with opened(copy, "mode=rw") as connection:
                    return query(connection)
            except sqlite3.DatabaseError as error:
                raise NotADatabase(str(error)) from error

    def _busy_or_broken(self, before: Signature, error: sqlite3.DatabaseError) -> SqliteBusy | NotADatabase:
        written = is_being_written(self.path) or self.signature() != before
        return SqliteBusy(str(error)) if written else NotADatabase(str(error))


@contextmanager
def opened(path: Path, how: str) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, timeout=0, isolation_level=None)
    with closing(connection):
        connection.row_factory = sqlite3.Row
        yield connection


def is_being_written(path: Path) -> bool:
    """A rollback journal with content is a transaction under way; in WAL mode, content of the WAL is."""
    return has_content(beside(path, "-wal")) or any(first_bytes(beside(path, "-journal"), 8))


def beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def has_content(path: Path) -> bool:
    return bool(first_bytes(path, 1))


def header(path: Path) -> bytes:
    return first_bytes(path, HEADER_BYTES)


def first_bytes(path: Path, count: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(count)
    except FileNotFoundError:
        return b""


def changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def stamp(path: Path) -> Signature:
    try:
        status = path.stat()
    except FileNotFoundError:
        return ()
    return status.st_ino, status.st_size, status.st_mtime_ns
