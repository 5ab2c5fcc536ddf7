"""Advisory locks that decide which process follows which folder."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import psycopg

from marcus_events.log.connect import CONNECTION_ERRORS, connect

LOCK_CLASS = 0x666F6C64  # first key of the advisory locks; the second is the folder's primary key


class FolderLeases:
    """The leases of this process, held by one connection and released when it closes."""

    def __init__(self) -> None:
        self._connection: psycopg.Connection[Any] | None = None
        self._held: set[int] = set()

    def acquire(self, folders: Iterable[int]) -> frozenset[int]:
        """Acquire free leases of `folders`, release all others and return those held. Raises
        psycopg.OperationalError.
        """
        wanted = set(folders)
        try:
            for number in self._held - wanted:
                self._query("SELECT pg_advisory_unlock(%s, %s)", number)
            missing = wanted - self._held
            if self._held and not missing:
                self._query("SELECT %s > 0 AND %s > 0", 1)  # raises if the connection, and the locks with it, is lost
            self._held &= wanted
            self._held |= {number for number in missing if self._query("SELECT pg_try_advisory_lock(%s, %s)", number)}
        except CONNECTION_ERRORS:
            self.close()
            raise
        return frozenset(self._held)

    def close(self) -> None:
        self._held.clear()
        if self._connection is not None:
            with suppress(*CONNECTION_ERRORS):
                self._connection.close()
            self._connection = None

    def _query(self, query: str, number: int) -> bool:
        if self._connection is None:
            self._connection = connect("followed folders", autocommit=True)
        return self._connection.execute(query, (LOCK_CLASS, number)).fetchone() == (True,)
