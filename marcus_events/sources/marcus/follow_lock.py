"""Those who follow the same installation look at it in turns.

Which acts the log holds is asked by the ids of the records that were seen. Of two who look at the same moment, one may
see a record more than the other, and publish the same act under another id. So a look and what is published from it is
one turn: whoever comes next has seen all that the one before has, and knows its events.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

from marcus_events.log.connect import CONNECTION_ERRORS, connect


class FollowLock:
    """A connection of its own holds the lock: one from a pool could be handed on with it."""

    def __init__(self, root: Path) -> None:
        digest = hashlib.sha256(str(root.resolve()).encode(errors="surrogateescape")).digest()
        self._key = int.from_bytes(digest[:8], "big", signed=True)
        self._connection: psycopg.Connection[Any] | None = None

    def take(self) -> bool:
        """Whether it is our turn now. Raises psycopg.OperationalError while the database is away."""
        if self._connection is None:
            self._connection = connect("follow", autocommit=True)
        try:
            found = self._connection.execute("SELECT pg_try_advisory_lock(%s)", (self._key,)).fetchone()
        except CONNECTION_ERRORS:
            self.close()
            raise
        return found == (True,)

    def pass_on(self) -> None:
        """End our turn. With a lost connection it has ended by itself."""
        try:
            if self._connection is not None:
                self._connection.execute("SELECT pg_advisory_unlock(%s)", (self._key,))
        except CONNECTION_ERRORS:
            self.close()

    def close(self) -> None:
        if self._connection is not None:
            with suppress(*CONNECTION_ERRORS):
                self._connection.close()
            self._connection = None
