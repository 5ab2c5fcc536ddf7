"""The physical limit: COPY of the same events into a table with the log's columns and indexes, and nothing else to do.

It writes no identities, as the log does beside its events, checks nothing and numbers the rows in Python.
"""

from __future__ import annotations

import json
import time
from itertools import count, islice
from typing import Any

import psycopg

from benchmarks.contest import RATE, Figures
from benchmarks.payloads import new_events
from marcus_events.core.references import agent_of, board_of, task_of

MADE_LIKE = "CREATE TABLE IF NOT EXISTS limit_of_copy (LIKE event INCLUDING ALL)"
COPY = """COPY limit_of_copy (position, recorded_at, event_id, source, event_type, timestamp, data, metadata,
    board_id, task_id, agent_id) FROM STDIN"""


def copy(conninfo: str, batch: int, seconds: float) -> Figures:
    """COPY into an equal table, one commit per batch: the limit"""
    rows, positions, copied = prepared_rows(), count(1), 0
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(MADE_LIKE)
        connection.execute("TRUNCATE limit_of_copy")
        begun = time.perf_counter()
        while (took := time.perf_counter() - begun) < seconds:
            with connection.transaction(), connection.cursor() as cursor, cursor.copy(COPY) as target:
                for row in islice(rows, batch):
                    target.write_row((next(positions), *row))
            copied += batch
        connection.execute("DROP TABLE limit_of_copy")
    return {RATE: copied / took}


def prepared_rows() -> Any:
    """Yield rows with new ids, their JSON made in advance."""
    first = [(event, json.dumps(event.data), json.dumps(event.metadata)) for event in islice(new_events(), 718)]
    ids = new_events()
    while True:
        for event, data, metadata in first:
            references = (board_of(event), task_of(event), agent_of(event))
            moment, name = event.timestamp, next(ids).event_id
            yield (moment, name, event.source, event.event_type, moment, data, metadata, *references)
