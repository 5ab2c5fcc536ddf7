"""Reads a SQLite database that another program writes, without locking it and without creating files beside it.

SQLite's read-only mode does not guarantee that. In rollback-journal mode its shared lock can delay or fail a commit; in
WAL mode it creates `-wal` and `-shm` files that the owning program may find. So:

1. With no writer active (no live journal, no WAL content), read with `immutable=1` and discard the result if the file
   has changed meanwhile. The journal is checked before the file's counters: a write in progress shows in the journal, a
   finished one in the counters.
2. With WAL content and its index, read as a normal WAL reader, with the index opened read-only. WAL readers never block
   writers.
3. With a WAL but no index (a copied or crashed database), read a private copy of both.

If none of this succeeds, SqliteBusy asks the caller to try again later. Short reads are retried at once.
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
WAL_FORMAT = 2  # value of header byte 18
MAX_ATTEMPTS = 5
PAUSE_S = 0.01  # about the duration of a commit with its syncs
MTIME_RESOLUTION_S = 0.1  # well above file systems' timestamp granularity: within it a file can change unnoticed


class SqliteBusy(RuntimeError):
    """The database is being written or cannot be opened right now; try again later."""


class NotADatabase(ValueError):
    """The file is not a SQLite database, or a corrupt one; the message says which."""


class Database:
    """A database file, and its signature when it was last read completely."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read: Signature = ()

    def has_changed(self) -> bool:
        return self._read != self.signature()

    def mark_read(self, signature: Signature) -> None:
        """Record that everything was read that the file held at this signature."""
        is_settled = all(
            time.time() - modified_at(path) > MTIME_RESOLUTION_S for path in (self.path, sibling(self.path, "-wal"))
        )
        self._read = signature if is_settled else ()

    def signature(self) -> Signature:
        """Return a value that changes with every commit."""
        wal = sibling(self.path, "-wal")
        return (
            *file_signature(self.path),
            *(file_signature(wal) if has_content(wal) else ()),
            header(self.path)[24:28],
        )

    def read(self, query: Query[Result]) -> Result:
        """Return the result of `query` in one consistent state. Raises SqliteBusy, NotADatabase."""
        for _ in range(MAX_ATTEMPTS - 1):
            try:
                return self._read_once(query)
            except SqliteBusy:
                time.sleep(PAUSE_S)
        return self._read_once(query)

    def exists(self) -> bool:
        """Return whether there is content; a database just created is empty. Raises NotADatabase."""
        try:
            return has_content(self.path)
        except OSError as error:
            raise NotADatabase(f"cannot be opened: {error.strerror}") from error

    def _read_once(self, query: Query[Result]) -> Result:
        start = header(self.path)
        if start[:16] != MAGIC:
            raise NotADatabase("is not an SQLite database")
        if start[18] == WAL_FORMAT and has_content(sibling(self.path, "-wal")):
            return self._read_wal(query)
        return self._read_at_rest(query)

    def _read_at_rest(self, query: Query[Result]) -> Result:
        before = self.signature()
        if is_being_written(self.path):
            raise SqliteBusy("a transaction is under way")
        try:
            with open_database(self.path, "immutable=1") as connection:
                found = query(connection)
        except sqlite3.DatabaseError as error:
            raise self._busy_or_broken(before, error) from error
        if is_being_written(self.path) or self.signature() != before:
            raise SqliteBusy("it was written meanwhile")
        return found

    def _read_wal(self, query: Query[Result]) -> Result:
        if not sibling(self.path, "-shm").exists():
            return self._read_copy(query)
        before = self.signature()
        try:
            with open_database(self.path, "mode=ro&readonly_shm=1") as connection:
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
                shutil.copyfile(sibling(self.path, "-wal"), sibling(copy, "-wal"))
            except FileNotFoundError as error:
                raise SqliteBusy("it was closed meanwhile") from error
            except OSError as error:
                raise SqliteBusy(f"it cannot be copied to {folder}: {error.strerror}") from error
            if self.signature() != before:
                raise SqliteBusy("it was written meanwhile")
            try:
                with open_database(copy, "mode=rw") as connection:
                    return query(connection)
            except sqlite3.DatabaseError as error:
                raise NotADatabase(str(error)) from error

    def _busy_or_broken(self, before: Signature, error: sqlite3.DatabaseError) -> SqliteBusy | NotADatabase:
        written = is_being_written(self.path) or self.signature() != before
        return SqliteBusy(str(error)) if written else NotADatabase(str(error))


@contextmanager
def open_database(path: Path, how: str) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, timeout=0, isolation_level=None)
    with closing(connection):
        connection.row_factory = sqlite3.Row
        yield connection


def is_being_written(path: Path) -> bool:
    """Return whether a rollback journal or a WAL has content."""
    return has_content(sibling(path, "-wal")) or any(read_start(sibling(path, "-journal"), 8))


def sibling(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def has_content(path: Path) -> bool:
    return bool(read_start(path, 1))


def header(path: Path) -> bytes:
    return read_start(path, HEADER_BYTES)


def read_start(path: Path, count: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(count)
    except FileNotFoundError:
        return b""


def modified_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def file_signature(path: Path) -> Signature:
    try:
        status = path.stat()
    except FileNotFoundError:
        return ()
    return status.st_ino, status.st_size, status.st_mtime_ns
