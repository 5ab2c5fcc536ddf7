"""Delete single events that the log has declared as removed: see `removal_declarations`.

Events are deleted in small batches with pauses, so that publishing goes on meanwhile. A process that is killed at any
moment loses nothing: the next run deletes what was declared and is still there.
"""

from __future__ import annotations

import time
from itertools import chain, islice
from typing import Any

from marcus_events.log.event_deletion import any_between, delete_events
from marcus_events.log.partitions import Connection, Partition, partitions
from marcus_events.log.removal_choice import matching
from marcus_events.log.sql_filter import Condition
from marcus_events.retention.removal_declarations import DeclaredRemoval, declare

BATCH = 2_000  # events in one transaction
EVENTS_PER_DECLARATION = 50 * BATCH  # that one `events_removed` accounts for
PAUSE_S = 0.02  # between two transactions

DELETE_FROM_INDEX = "DELETE FROM search WHERE position BETWEEN %s AND %s AND position = ANY(%s)"


def remove_governed(
    connection: Connection, run_id: int, policy: str, condition: Condition, after: int, until: int
) -> int:
    """Remove the governed events after one position and up to another; returns the number of removed events."""

    def oldest(after: int) -> tuple[str, list[Any]]:
        return matching(condition, after, until, run_id=run_id, batch=BATCH, limit=EVENTS_PER_DECLARATION)

    removed = 0
    while declared := declare(connection, run_id, policy, *oldest(after)):
        removed += sum(delete_declared(connection, removal, run_id) for removal in declared)
        after = max(removal.last for removal in declared)
    return removed


def delete_declared(connection: Connection, removal: DeclaredRemoval, run_id: int) -> int:
    """Delete the declared events that are still there; returns their number."""
    removed = 0
    connection.execute("UPDATE removal SET run_id = %s WHERE id = %s", [run_id, removal.id])
    positions = chain.from_iterable(range(lower, upper) for lower, upper in removal.positions)
    while any_between(connection, removal.first, removal.last) and (batch := list(islice(positions, BATCH))):
        removed += delete_batch(connection, removal, batch)
        time.sleep(PAUSE_S)
    connection.execute("UPDATE removal SET is_done = true WHERE id = %s", [removal.id])
    return removed


def delete_batch(connection: Connection, removal: DeclaredRemoval, positions: list[int]) -> int:
    """Delete events from the log and from the search index. The database refuses to delete undeclared events."""
    with connection.transaction():
        deleted = delete_events(connection, removal.id, positions)
        if deleted:
            connection.execute(DELETE_FROM_INDEX, [min(deleted), max(deleted), deleted])
    return len(deleted)


def fully_declared_partitions(connection: Connection, removal: DeclaredRemoval) -> list[Partition]:
    """The partitions whose every position is declared as removed; never the newest one."""
    return [
        found
        for found in partitions(connection)[:-1]
        if not any(removal.positions.gaps(max(found.first, 1), found.until))
    ]


def partitions_up_to(connection: Connection, position: int) -> list[Partition]:
    """The partitions that end at or before a position; never the newest one."""
    return [found for found in partitions(connection)[:-1] if found.until - 1 <= position]
