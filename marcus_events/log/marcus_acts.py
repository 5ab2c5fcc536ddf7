"""The acts of a Marcus in the log, which a follower and a proxy publish: each act is to be published by one of them.

An event of an act carries its mark: see `marcus_events.sources.marcus.acts`. A publisher looks for the act and appends
it while it holds `ActLock`, so neither misses what the other one appends at the same moment.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import psycopg

from marcus_events.core.event import Event, RecordedEvent
from marcus_events.log.connect import CONNECTION_ERRORS, connect
from marcus_events.log.rows import COLUMNS, Connection, recorded, rows
from marcus_events.log.sql_filter import HAPPENED_AT

ACT, PROXIED = "act", "proxied"  # metadata: the mark of an act; when the call of a proxied one began and ended
KEY = 0x6D_61_63_74  # of the advisory lock

# How far apart the two sides may see one act: Marcus notes some acts when a call begins, others when it ends.
REACH = timedelta(seconds=5)
LONGEST_CALL = timedelta(minutes=10)

OF_AGENTS = f"""SELECT {COLUMNS} FROM event
    WHERE agent_id = ANY(%s) AND {HAPPENED_AT} BETWEEN %s AND %s AND jsonb_exists(metadata, %s)
        AND EXISTS (SELECT FROM event_identity AS i WHERE i.position = event.position AND i.owner = '')
    ORDER BY position"""


def acts_of_agents(
    agent_ids: Collection[str], since: datetime, until: datetime, *, is_proxied: bool, connection: Connection = None
) -> list[RecordedEvent]:
    """Return the acts of these agents that happened within the time: those of proxies, or those of followers.

    Events of producers that may publish to some boards only are left out: they cannot stand for an act of Marcus.
    """
    found = rows(OF_AGENTS, [list(agent_ids), since, until, PROXIED if is_proxied else ACT], connection)
    events = [recorded(row) for row in found]
    return [event for event in events if is_proxied == bool(event.metadata.get(PROXIED))]


def span_of(event: Event) -> tuple[datetime, datetime]:
    """Return the times between which the same act may be noted elsewhere: during the call of a proxied one."""
    stated = (event.metadata or {}).get(PROXIED)
    times = [parsed for text in stated if (parsed := time_in(text))] if isinstance(stated, list) else []
    return min([event.timestamp, *times]) - REACH, max([event.timestamp, *times]) + REACH


def time_in(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


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
