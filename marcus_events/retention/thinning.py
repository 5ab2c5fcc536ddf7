"""Thin long runs of alike events, such as an agent's report of its progress every few seconds.

The first and the last event of a run stay, and the last says how many were removed before it: see
`log.removal_choice.repeats`.
"""

from __future__ import annotations

import time

from marcus_events.log.partitions import Connection
from marcus_events.log.removal_choice import repeats
from marcus_events.log.sql_filter import Condition
from marcus_events.retention.deletion import BATCH, PAUSE_S, delete_declared
from marcus_events.retention.removal_declarations import declare

CHUNK = 100_000  # positions of one statement; a run that goes on in the next chunk keeps its events at the border


def thin(connection: Connection, run_id: int, policy: str, condition: Condition, after: int, until: int) -> int:
    """Thin the governed events after one position and up to another; returns the number of removed events."""
    removed = 0
    for start in range(after, until, CHUNK):
        query, values = repeats(condition, start, min(start + CHUNK, until), run_id=run_id, batch=BATCH)
        declared = declare(connection, run_id, policy, query, values)
        removed += sum(delete_declared(connection, removal, run_id) for removal in declared)
        time.sleep(PAUSE_S)
    return removed
