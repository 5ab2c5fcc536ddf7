"""Long runs of like events become their first and their last one, which says how many stood between them.

Like are events of the same type, by the same agent, about the same task, with nothing else of that task between them:
an agent that reports its progress every few seconds.
"""

from __future__ import annotations

import time

from marcus_events.log.partitions import Connection
from marcus_events.log.removal_choice import repeats
from marcus_events.log.sql_filter import Condition
from marcus_events.retention.deletion import BATCH, PAUSE_S, carry_out
from marcus_events.retention.removal_declarations import declare

CHUNK = 100_000  # positions looked at at once; a run that goes on beyond keeps one event more


def thin(connection: Connection, run_id: int, policy: str, condition: Condition, after: int, until: int) -> int:
    """Thin what matches after a position and up to another; how many events were removed."""
    removed = 0
    for start in range(after, until, CHUNK):
        query, values = repeats(condition, start, min(start + CHUNK, until), run_id=run_id, batch=BATCH)
        entries = declare(connection, run_id, policy, query, values)
        removed += sum(carry_out(connection, entry, run_id) for entry in entries)
        time.sleep(PAUSE_S)
    return removed
