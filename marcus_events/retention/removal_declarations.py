"""Declare removals in the log before they happen: an `events_removed` event accounts for every removed position.

1. One transaction writes the positions into the table `removal` and appends the event, which names these positions and
   all that were removed before.
2. Only then are the events deleted. The next run deletes what a killed run has declared and not deleted.
3. Removed events may be proofs themselves. The record of a redaction whose event stays, and the newest start of the
   hash chain, are appended again before they are removed. Older `events_removed` are not: the newest accounts for all.
4. Where the table differs from the newest `events_removed`, nothing is declared: a new event would confirm the
   difference.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import psycopg

from marcus_events.core.event import Event, RecordedEvent
from marcus_events.core.position_ranges import Ranges
from marcus_events.core.reserved import Authority
from marcus_events.ingest import entry_from
from marcus_events.log import removed_positions
from marcus_events.log.append import append
from marcus_events.log.listener import LOG_CHANNEL
from marcus_events.log.partitions import with_room

Connection = psycopg.Connection[Any]

INSERT_RANGE = """INSERT INTO removal (run_id, positions) VALUES (%s, int8multirange(int8range(%s, %s)))
    RETURNING id, positions::text"""
UNFINISHED = "SELECT id, positions::text FROM removal WHERE NOT is_done ORDER BY id"
POSITIONS = "SELECT range_agg(positions)::text FROM removal WHERE id = ANY(%s)"


class UnaccountedRemovals(RuntimeError):
    """The table of removals differs from what the log says."""


@dataclass(frozen=True)
class DeclaredRemoval:
    """A row of the table `removal`: positions that are declared as removed."""

    id: int
    positions: Ranges

    @property
    def first(self) -> int:
        return min((lower for lower, _ in self.positions), default=0)

    @property
    def last(self) -> int:
        return max((upper - 1 for _, upper in self.positions), default=0)


def check_accounted(connection: Connection) -> None:
    """Step 4. Raises UnaccountedRemovals."""
    if not removed_positions.stated(connection).is_accounted_for:
        raise UnaccountedRemovals(
            "The record of removed events does not match the log. Run `manage.py verify` for details."
        )


def unfinished(connection: Connection) -> list[DeclaredRemoval]:
    """Declared removals whose events may still be there, the oldest first."""
    return as_removals(connection.execute(UNFINISHED).fetchall())


def as_removals(rows: list[tuple[int, str]]) -> list[DeclaredRemoval]:
    return [DeclaredRemoval(removal_id, Ranges.parse(positions)) for removal_id, positions in rows]


def declare(connection: Connection, run_id: int, policy: str, query: str, values: list[Any]) -> list[DeclaredRemoval]:
    """Declare the removals that a query inserts; it returns the id and the positions, as text, of each row."""

    def work() -> tuple[list[tuple[int, str]], int]:
        with connection.transaction():
            check_accounted(connection)
            rows = connection.execute(query.encode(), values).fetchall()
            return rows, append_record(connection, run_id, policy, [row[0] for row in rows]) if rows else 0

    rows, position = with_room(work)
    if rows:
        connection.execute("SELECT pg_notify(%s, %s)", (LOG_CHANNEL, str(position)))
    return as_removals(rows)


def declare_range(connection: Connection, run_id: int, policy: str, first: int, until: int) -> list[DeclaredRemoval]:
    """Declare the removal of every position from `first` on and before `until`."""
    return declare(connection, run_id, policy, INSERT_RANGE, [run_id, first, until])


def append_record(connection: Connection, run_id: int, policy: str, ids: list[int]) -> int:
    """Append the `events_removed`, after the proofs that are removed; returns its position."""
    [[declared]] = connection.execute(POSITIONS, [ids]).fetchall()
    proofs = [(redacted, restated(found)) for redacted, found in removed_positions.proofs_among(ids, connection)]
    record = removed_positions.record_of(
        new_id(), declared, removed_positions.all_removed(connection), run=run_id, policy=policy
    )
    events = [*(event for _, event in proofs), record]
    appended = append(connection, [entry_from(event, Authority.SYSTEM) for event in events])
    for (redacted, _), result in zip(proofs, appended, strict=False):
        if redacted:
            connection.execute("UPDATE redaction SET record = %s WHERE position = %s", [result.position, redacted])
    return appended[-1].position


def restated(found: RecordedEvent) -> Event:
    """The same event with the same time and another id."""
    event = found.event
    data = event.data | {"stated": "again"}
    return Event(new_id(), event.timestamp, event.event_type, event.source, data, event.metadata)


def new_id() -> str:
    return f"audit_{uuid.uuid4().hex}"
