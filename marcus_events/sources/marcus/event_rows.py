"""The events that Marcus keeps in `marcus.db`, in the order in which it stored them.

Rows are read by rowid from where the last look ended. A row that Marcus stores again gets a new rowid and comes
again; its event id is the same. When the row at the place reached is another one (the database was replaced, or
compacted), reading starts over.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from marcus_events.sources.marcus.records import ParseTime, Record, RecordKind, Unreadable, moment, record_from_line
from marcus_events.sources.marcus.sqlite_files import Database, NotADatabase, Signature, SqliteBusy

BATCH = 500  # rows a read: a few milliseconds, between two of which Marcus may write

NEXT = """SELECT rowid, key, data FROM persistence
    WHERE collection = 'events' AND rowid > ? AND rowid <= ? ORDER BY rowid LIMIT ?"""
KEY_AT = "SELECT key FROM persistence WHERE rowid = ?"
NEWEST = "SELECT coalesce(max(rowid), 0) FROM persistence"
HAS_TABLE = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'persistence'"


class EventRows:
    """A `marcus.db` and how far it has been read. `is_busy` says that the last look did not get to its end."""

    def __init__(self, database: Database, name: str) -> None:
        self.database, self.name = database, name
        self.times: ParseTime = moment
        self.is_busy = False
        self.rowid = self.newest = 0
        self._key: str | None = None
        self._signature: Signature = ()

    def read(self) -> Iterator[tuple[str, Record] | Unreadable]:
        """Each new event with its id. A busy database is left for the next look."""
        self.is_busy = False
        try:
            if not (self.database.is_there() and self.database.changed() and self._begin()):
                return
            while rows := self._next():
                yield from map(self._record, rows)
            self.database.done(self._signature)
        except SqliteBusy:
            self.is_busy = True
        except NotADatabase as error:
            self.database.done(self.database.signature())
            yield Unreadable(self.name, str(error))

    def _begin(self) -> bool:
        """Take note of how far to go; start over if the rows are others. False when there are none."""
        self._signature = self.database.signature()
        newest, key = self.database.read(self._place)
        if key != self._key or newest < self.rowid:
            self.rowid, self._key = 0, None
        self.newest = newest
        return newest > self.rowid

    def _place(self, connection: sqlite3.Connection) -> tuple[int, str | None]:
        if not connection.execute(HAS_TABLE).fetchone()[0]:
            return 0, None
        found = connection.execute(KEY_AT, (self.rowid,)).fetchone()
        return connection.execute(NEWEST).fetchone()[0], found["key"] if found else None

    def _next(self) -> list[sqlite3.Row]:
        bounds = (self.rowid, self.newest, BATCH)
        return self.database.read(lambda connection: connection.execute(NEXT, bounds).fetchall())

    def _record(self, row: sqlite3.Row) -> tuple[str, Record] | Unreadable:
        self.rowid, self._key = row["rowid"], row["key"]
        text = row["data"] if isinstance(row["data"], bytes) else str(row["data"]).encode(errors="surrogatepass")
        record = record_from_line(RecordKind.DATABASE, text, f"{self.name}: {row['key']}", self.times)
        if isinstance(record, Unreadable):
            return record
        event_id = record.body.get("event_id")
        return event_id if isinstance(event_id, str) and event_id.strip() else f"marcus_database_{row['key']}", record
