"""The acts of a Marcus in the log, which a follower and a proxy publish: each act is to be published by one of them.

An event of an act carries its mark: see `marcus_events.sources.marcus.acts`. A publisher looks for the act and appends
it while it holds `ActLock`, so neither misses what the other one appends at the same moment.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

import psycopg

from marcus_events.core.event import RecordedEvent
from marcus_events.log.connect import CONNECTION_ERRORS, connect
from marcus_events.log.rows import COLUMNS, Connection, recorded, rows
from marcus_events.log.sql_filter import HAPPENED_AT

ACT, PROXIED = "act", "proxied"  # metadata: the mark of an act, and whether a proxy published it
KEY = 0x6D_61_63_74  # of the advisory lock

OF_AGENTS = f"""SELECT {COLUMNS} FROM event
    WHERE agent_id = ANY(%s) AND {HAPPENED_AT} BETWEEN %s AND %s AND jsonb_exists(metadata, %s) ORDER BY position"""


def acts_of_agents(
    agent_ids: Collection[str], since: datetime, until: datetime, *, is_proxied: bool, connection: Connection = None
) -> list[RecordedEvent]:
    """Return the acts of these agents that happened within the time: those of proxies, or those of followers."""
    found = rows(OF_AGENTS, [list(agent_ids), since, until, PROXIED if is_proxied else ACT], connection)
    events = [recorded(row) for row in found]
    return [event for event in events if is_proxied == bool(event.metadata.get(PROXIED))]


class ActLock:
    """An advisory lock on a connection of its own. Followers share it; a proxy holds it alone."""

    def __init__(self, *, is_shared: bool) -> None:
        self._suffix = "_shared" if is_shared else ""
        self._connection: psycopg.Connection[Any] | None = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock within the block. Raises psycopg.OperationalError while the database is unavailable."""
        self.acquire()
        try:
            yield
        finally:
            self.release()

    def acquire(self) -> None:
        if self._connection is None:
            self._connection = connect("acts", autocommit=True)
        try:
            self._connection.execute(f"SELECT pg_advisory_lock{self._suffix}(%s)".encode(), (KEY,))
        except CONNECTION_ERRORS:
            self.close()
            raise

    def release(self) -> None:
        """Release the lock. A lost connection has released it already."""
        try:
            if self._connection is not None:
                self._connection.execute(f"SELECT pg_advisory_unlock{self._suffix}(%s)".encode(), (KEY,))
        except CONNECTION_ERRORS:
            self.close()

    def close(self) -> None:
        if self._connection is not None:
            with suppress(*CONNECTION_ERRORS):
                self._connection.close()
            self._connection = None
