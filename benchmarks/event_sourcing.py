"""The library `eventsourcing` on PostgreSQL: its own recorder, as its documentation sets it up.

It stores the events of the bundled run as JSON, one aggregate per event, numbered in commit order like the log.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from importlib import import_module
from itertools import islice
from typing import Any
from uuid import uuid4

import psycopg

from benchmarks.contest import RATE, Figures
from benchmarks.payloads import new_events

DATABASE = "eventsourcing"


class Recorder:
    """Its `PostgresApplicationRecorder` in a database of its own, with a connection for each thread."""

    def __init__(self, conninfo: str, threads: int) -> None:
        postgres = import_module("eventsourcing.postgres")
        make_database(conninfo)
        stated = psycopg.conninfo.conninfo_to_dict(conninfo)
        self.datastore = postgres.PostgresDatastore(
            dbname=DATABASE,
            host=str(stated["host"]),
            port=str(stated["port"]),
            user=str(stated["user"]),
            password="",
            pool_size=threads,
        )
        self.recorder = postgres.PostgresApplicationRecorder(self.datastore)
        self.recorder.create_table()
        self.datastore.pool.wait()  # its connections are open before the time runs
        self._make_event = import_module("eventsourcing.persistence").StoredEvent

    def stored_events(self) -> Iterator[Any]:
        for event in new_events():
            state = event.to_json().encode()
            yield self._make_event(
                originator_id=uuid4(), originator_version=1, topic=f"bench:{event.event_type}", state=state
            )

    def insert(self, batch: int, seconds: float) -> int:
        """Insert batches, each in a transaction of its own, and return the number of events."""
        events, count, until = self.stored_events(), 0, time.perf_counter() + seconds
        while time.perf_counter() < until:
            self.recorder.insert_events(list(islice(events, batch)))
            count += batch
        return count


def make_database(conninfo: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(f"CREATE DATABASE {DATABASE}")


def insert_in_batches(conninfo: str, batch: int, seconds: float) -> Figures:
    """eventsourcing's PostgreSQL recorder, `insert_events` of a batch, one after another"""
    return insert_at_once(conninfo, 1, batch, seconds)


def insert_at_once(conninfo: str, threads: int, batch: int, seconds: float) -> Figures:
    """eventsourcing's PostgreSQL recorder, each event in a transaction of its own, in as many threads"""
    recorder = Recorder(conninfo, threads)
    counts: list[int] = []
    workers = [
        threading.Thread(target=lambda: counts.append(recorder.insert(batch, seconds)), daemon=True)
        for _ in range(threads)
    ]
    try:
        begun = time.perf_counter()
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return {RATE: sum(counts) / (time.perf_counter() - begun)}
    finally:
        recorder.datastore.close()
