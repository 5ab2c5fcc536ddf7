"""Reads the events that Marcus stores in `marcus.db`, in the order of storing.

Reading continues after the last rowid. A row that Marcus stores again gets a new rowid and is read again with the same
event id. If the row at the last rowid is another one (the database was replaced or compacted), reading starts over.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from marcus_events.sources.marcus.records import ParseTime, Record, RecordKind, Unreadable, parse_utc, record_from_line
from marcus_events.sources.marcus.sqlite_files import Database, NotADatabase, Signature, SqliteBusy

BATCH = 500  # rows per read: a few milliseconds each, so that Marcus can write in between

NEXT_ROWS = """SELECT rowid, key, data FROM persistence
    WHERE collection = 'events' AND rowid > ? AND rowid <= ? ORDER BY rowid LIMIT ?"""
KEY_AT = "SELECT key FROM persistence WHERE rowid = ?"
NEWEST_ROWID = "SELECT coalesce(max(rowid), 0) FROM persistence"
HAS_TABLE = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'persistence'"


class EventRows:
    """A `marcus.db` and how far it has been read. `is_busy` says that the last scan did not reach its end."""

    def __init__(self, database: Database, name: str) -> None:
        self.database, self.name = database, name
        self.times: ParseTime = parse_utc
        self.is_busy = False
        self.rowid = self.newest = 0
        self._key: str | None = None
        self._signature: Signature = ()

    def read(self) -> Iterator[tuple[str, Record] | Unreadable]:
        """Yield each new event with its id. Leaves a busy database to the next scan."""
        self.is_busy = False
        try:
            if not (self.database.exists() and self.database.has_changed() and self._begin()):
                return
            while rows := self._next_rows():
                yield from map(self._record, rows)
            self.database.mark_read(self._signature)
        except SqliteBusy:
            self.is_busy = True
        except NotADatabase as error:
            self.database.mark_read(self.database.signature())
            yield Unreadable(self.name, str(error))

    def _begin(self) -> bool:
        """Set the last rowid to read; start over if the rows were replaced. Return whether there are new rows."""
        self._signature = self.database.signature()
        newest, key = self.database.read(self._read_position)
        if key != self._key or newest < self.rowid:
            self.rowid, self._key = 0, None
        self.newest = newest
        return newest > self.rowid

    def _read_position(self, connection: sqlite3.Connection) -> tuple[int, str | None]:
        if not connection.execute(HAS_TABLE).fetchone()[0]:
            return 0, None
        found = connection.execute(KEY_AT, (self.rowid,)).fetchone()
        return connection.execute(NEWEST_ROWID).fetchone()[0], found["key"] if found else None

    def _next_rows(self) -> list[sqlite3.Row]:
        bounds = (self.rowid, self.newest, BATCH)
        return self.database.read(lambda connection: connection.execute(NEXT_ROWS, bounds).fetchall())

    def _record(self, row: sqlite3.Row) -> tuple[str, Record] | Unreadable:
        self.rowid, self._key = row["rowid"], row["key"]
        text = row["data"] if isinstance(row["data"], bytes) else str(row["data"]).encode(errors="surrogatepass")
        record = record_from_line(RecordKind.DATABASE, text, f"{self.name}: {row['key']}", self.times)
        if isinstance(record, Unreadable):
            return record
        event_id = record.body.get("event_id")
        return event_id if isinstance(event_id, str) and event_id.strip() else f"marcus_database_{row['key']}", record
