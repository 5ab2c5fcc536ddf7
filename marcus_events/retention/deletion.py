"""The only deletion from the log. What goes is declared in the log first: see `removal_declarations`.

Ingestion is not held up: single events go in small batches with pauses, and a whole partition is detached without
locking the others out. Who reads it still (an export that takes long) is waited for a moment; then it is left for the
next run. May be killed at any moment: the next run goes on.
"""

from __future__ import annotations

import time
from itertools import chain, islice
from typing import Any

from marcus_events.log.event_deletion import any_between, delete_events
from marcus_events.log.partitions import Connection, Partition, partitions
from marcus_events.log.removal_choice import matching
from marcus_events.log.sql_filter import Condition
from marcus_events.retention.removal_declarations import Entry, declare

BATCH = 2_000  # events in a transaction
DECLARED = 50 * BATCH  # events that one `events_removed` accounts for
PAUSE_S = 0.02  # between two
WAIT_FOR_READERS = "3s"

FORGET = "DELETE FROM search WHERE position BETWEEN %s AND %s AND position = ANY(%s)"


def be_patient(connection: Connection) -> None:
    """From now on a lock is waited for so long: meanwhile the log cannot be given room."""
    connection.execute("SELECT set_config('lock_timeout', %s, false)", [WAIT_FOR_READERS])


def remove(connection: Connection, run_id: int, policy: str, condition: Condition, after: int, until: int) -> int:
    """Remove what matches after a position and up to another, both of the log; how many events that were."""

    def chosen(after: int) -> tuple[str, list[Any]]:
        return matching(condition, after, until, run_id=run_id, batch=BATCH, limit=DECLARED)

    removed = 0
    while entries := declare(connection, run_id, policy, *chosen(after)):
        removed += sum(carry_out(connection, entry, run_id) for entry in entries)
        after = max(entry.last for entry in entries)
    return removed


def carry_out(connection: Connection, entry: Entry, run_id: int) -> int:
    """Delete what an entry declares and is still there; how many events that were."""
    removed = 0
    connection.execute("UPDATE removal SET run_id = %s WHERE id = %s", [run_id, entry.id])
    positions = chain.from_iterable(range(lower, upper) for lower, upper in entry.positions)
    while any_between(connection, entry.first, entry.last) and (some := list(islice(positions, BATCH))):
        removed += delete(connection, entry, some)
        time.sleep(PAUSE_S)
    connection.execute("UPDATE removal SET is_done = true WHERE id = %s", [entry.id])
    return removed


def delete(connection: Connection, entry: Entry, positions: list[int]) -> int:
    """Delete events, which are not found any more either. The log refuses to lose what no entry declares."""
    with connection.transaction():
        gone = delete_events(connection, entry.id, positions)
        if gone:
            connection.execute(FORGET, [min(gone), max(gone), gone])
    return len(gone)


def within(connection: Connection, entry: Entry) -> list[Partition]:
    """The partitions of which an entry declares every position; never the last one."""
    return [
        found
        for found in partitions(connection)[:-1]
        if not any(entry.positions.gaps(max(found.first, 1), found.until))
    ]


def whole(connection: Connection, until: int) -> list[Partition]:
    """The partitions whose every position is at or before `until`, but for the last one."""
    return [found for found in partitions(connection)[:-1] if found.until - 1 <= until]
