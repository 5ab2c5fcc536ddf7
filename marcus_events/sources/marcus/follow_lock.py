"""A lock that serialises all followers of one installation.

Published acts are recognised by the ids of the records that a scan found. Two followers scanning at the same moment may
find different records of one act and publish it twice under different ids. So a scan and its publishing form one
critical section: the next holder sees all records and events of the one before.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

from marcus_events.log.connect import CONNECTION_ERRORS, connect
from marcus_events.log.marcus_acts import ActLock


class FollowLock:
    """An advisory lock on a connection of its own: a pooled connection could be reused with the lock still held.

    `acts` is the lock against a proxy of the same Marcus, for publishing alone.
    """

    def __init__(self, root: Path) -> None:
        digest = hashlib.sha256(str(root.resolve()).encode(errors="surrogateescape")).digest()
        self._key = int.from_bytes(digest[:8], "big", signed=True)
        self._connection: psycopg.Connection[Any] | None = None
        self.acts = ActLock(is_shared=True)

    def try_acquire(self) -> bool:
        """Return whether the lock was acquired. Raises psycopg.OperationalError while the database is unavailable."""
        if self._connection is None:
            self._connection = connect("follow", autocommit=True)
        try:
            found = self._connection.execute("SELECT pg_try_advisory_lock(%s)", (self._key,)).fetchone()
        except CONNECTION_ERRORS:
            self.close()
            raise
        return found == (True,)

    def release(self) -> None:
        """Release the lock. A lost connection has released it already."""
        try:
            if self._connection is not None:
                self._connection.execute("SELECT pg_advisory_unlock(%s)", (self._key,))
        except CONNECTION_ERRORS:
            self.close()

    def close(self) -> None:
        self.acts.close()
        if self._connection is not None:
            with suppress(*CONNECTION_ERRORS):
                self._connection.close()
            self._connection = None
