"""Which folders this process follows, of those that several processes could."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import psycopg

from marcus_events.log.connect import CONNECTION_ERRORS, connect

LOCKS = 0x666F6C64  # the class of the advisory locks; the other half is the folder's number


class FolderLeases:
    """Advisory locks of one connection: they end with it, and so with the process."""

    def __init__(self) -> None:
        self._connection: psycopg.Connection[Any] | None = None
        self._held: set[int] = set()

    def hold(self, folders: Iterable[int]) -> frozenset[int]:
        """Those of the folders whose lease this process has. Raises psycopg.OperationalError."""
        wanted = set(folders)
        try:
            for number in self._held - wanted:
                self._ask("SELECT pg_advisory_unlock(%s, %s)", number)
            missing = wanted - self._held
            if self._held and not missing:
                self._ask("SELECT %s > 0 AND %s > 0", 1)  # a connection that was lost holds nothing any more
            self._held &= wanted
            self._held |= {number for number in missing if self._ask("SELECT pg_try_advisory_lock(%s, %s)", number)}
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

    def _ask(self, query: str, number: int) -> bool:
        if self._connection is None:
            self._connection = connect("followed folders", autocommit=True)
        return self._connection.execute(query, (LOCKS, number)).fetchone() == (True,)
