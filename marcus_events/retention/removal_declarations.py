"""What is to be removed is declared in the log first: an `events_removed` accounts for it.

1. In one transaction: the positions go into `removal`, and the event says which they are and what is there by then.
2. Only then are the events deleted. What a killed run has declared and not deleted, the next one deletes.
3. What is removed may be a proof itself. The record of a redaction whose event stays, and the newest beginning of the
   hash chain, are written again before they go. Earlier `events_removed` need not be: the newest accounts for all.
4. If the table is not what the newest `events_removed` says, nothing is declared: that would call the difference right.
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

ENTRY = """INSERT INTO removal (run_id, positions) VALUES (%s, int8multirange(int8range(%s, %s)))
    RETURNING id, positions::text"""
UNDONE = "SELECT id, positions::text FROM removal WHERE NOT is_done ORDER BY id"
ADDED = "SELECT range_agg(positions)::text FROM removal WHERE id = ANY(%s)"


class NotAccounted(RuntimeError):
    """What is noted as removed is not what the log says."""


@dataclass(frozen=True)
class Entry:
    """A row of `removal` that is to be carried out."""

    id: int
    positions: Ranges

    @property
    def first(self) -> int:
        return min((lower for lower, _ in self.positions), default=0)

    @property
    def last(self) -> int:
        return max((upper - 1 for _, upper in self.positions), default=0)


def check_accounted(connection: Connection) -> None:
    """Step 4. Raises NotAccounted."""
    if not removed_positions.stated(connection).is_accounted_for:
        raise NotAccounted("The record of removed events does not match the log. Run `manage.py verify` for details.")


def undone(connection: Connection) -> list[Entry]:
    return entries(connection.execute(UNDONE).fetchall())


def entries(rows: list[tuple[int, str]]) -> list[Entry]:
    return [Entry(found, Ranges.parse(text)) for found, text in rows]


def declare(connection: Connection, run_id: int, policy: str, query: str, values: list[Any]) -> list[Entry]:
    """Declare what a query writes into `removal`, which returns the id and the positions of each row, as text."""

    def work() -> tuple[list[tuple[int, str]], int]:
        with connection.transaction():
            check_accounted(connection)
            rows = connection.execute(query.encode(), values).fetchall()
            return rows, record(connection, run_id, policy, [row[0] for row in rows]) if rows else 0

    rows, position = with_room(work)
    if rows:
        connection.execute("SELECT pg_notify(%s, %s)", (LOG_CHANNEL, str(position)))
    return entries(rows)


def declare_range(connection: Connection, run_id: int, policy: str, first: int, until: int) -> list[Entry]:
    return declare(connection, run_id, policy, ENTRY, [run_id, first, until])


def record(connection: Connection, run_id: int, policy: str, ids: list[int]) -> int:
    """Steps 1 and 3; the position of the event."""
    [[added]] = connection.execute(ADDED, [ids]).fetchall()
    renewed = [(redacted, again(found)) for redacted, found in removed_positions.proofs_among(ids, connection)]
    said = removed_positions.record_of(
        new_id(), added, removed_positions.all_removed(connection), run=run_id, policy=policy
    )
    events = [*(event for _, event in renewed), said]
    places = append(connection, [entry_from(event, Authority.SYSTEM) for event in events])
    for (redacted, _), place in zip(renewed, places, strict=False):
        if redacted:
            connection.execute("UPDATE redaction SET record = %s WHERE position = %s", [place.position, redacted])
    return places[-1].position


def again(found: RecordedEvent) -> Event:
    """The same, of the same time, under another identity."""
    event = found.event
    data = event.data | {"stated": "again"}
    return Event(new_id(), event.timestamp, event.event_type, event.source, data, event.metadata)


def new_id() -> str:
    return f"audit_{uuid.uuid4().hex}"
