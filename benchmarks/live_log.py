"""Appends single events to a server's log from this process, as the writer of another process on the same log does.

So the moment of the commit is known here, by the clock that also times what arrives.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from marcus_events.core.event import Event
from marcus_events.ingest import entry_from
from marcus_events.log.append import append
from marcus_events.log.listener import LOG_CHANNEL

NOTIFY = "SELECT pg_notify(%s, %s)"


class LiveLog:
    def __init__(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        self._connection = connection

    def commit(self, event: Event) -> float:
        """Append and commit the event, notify, and return the time of the commit."""
        entry = entry_from(event)
        with self._connection.transaction():
            [place] = append(self._connection, [entry])
        committed_at = time.perf_counter()
        self._connection.execute(NOTIFY, [LOG_CHANNEL, str(place.position)])
        return committed_at

    async def commit_async(self, event: Event) -> float:
        return await asyncio.to_thread(self.commit, event)


@contextmanager
def live_log(conninfo: str) -> Iterator[LiveLog]:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        yield LiveLog(connection)
