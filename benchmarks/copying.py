"""The physical limit: COPY of the same events into a table with the log's columns and indexes, and nothing else to do.

It writes no identities, as the log does beside its events, checks nothing and numbers the rows in Python.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from itertools import count, cycle, islice
from typing import Any
from uuid import uuid4

import psycopg

from benchmarks.contest import RATE, Figures
from benchmarks.payloads import run_events
from marcus_events.core.event import Event
from marcus_events.core.references import agent_of, board_of, task_of

MADE_LIKE = "CREATE TABLE IF NOT EXISTS limit_of_copy (LIKE event INCLUDING ALL)"
COPY = """COPY limit_of_copy (position, recorded_at, event_id, source, event_type, timestamp, data, metadata,
    board_id, task_id, agent_id) FROM STDIN"""


BATCH = 500  # rows in a commit, as many as the writer commits at once at most


def copy(conninfo: str, seconds: float) -> Figures:
    """COPY into an equal table, 500 rows per commit: the limit"""
    rows, positions, copied = prepared_rows(), count(1), 0
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(MADE_LIKE)
        connection.execute("TRUNCATE limit_of_copy")
        begun = time.perf_counter()
        while (took := time.perf_counter() - begun) < seconds:
            with connection.transaction(), connection.cursor() as cursor, cursor.copy(COPY) as target:
                for row in islice(rows, BATCH):
                    target.write_row((next(positions), *row))
            copied += BATCH
        connection.execute("DROP TABLE limit_of_copy")
    return {RATE: copied / took}


def prepared_rows() -> Iterator[tuple[Any, ...]]:
    """Yield rows with new ids; everything else is made in advance."""
    for moment, *row in cycle([as_row(event) for event in run_events()]):
        yield (moment, uuid4().hex, *row)


def as_row(event: Event) -> tuple[Any, ...]:
    references = (board_of(event), task_of(event), agent_of(event))
    data, metadata = json.dumps(event.data), json.dumps(event.metadata)
    return (event.timestamp, event.source, event.event_type, event.timestamp, data, metadata, *references)
