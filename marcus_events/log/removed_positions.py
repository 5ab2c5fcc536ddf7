"""Which positions were removed, and the newest event that accounts for them.

The table `removal` holds them as ranges. Each `events_removed` states, as `digest`, what that table holds altogether;
so the newest one accounts for all of it, and earlier ones may be removed themselves.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from marcus_events.core.event import Event, RecordedEvent, utc_now
from marcus_events.core.event_types import EventTypes
from marcus_events.core.position_ranges import Ranges, digest
from marcus_events.log.rows import COLUMNS, Connection, recorded, rows

BY = "retention"
SOURCE = f"user:{BY}"  # only the application itself publishes under it
MAX_TEXT = 2_000  # characters of ranges that an event states in full

ALL_REMOVED = "(SELECT coalesce(range_agg(positions), '{}')::text FROM removal)"
# One statement, so that a removal that is just being declared is seen with its event or not at all.
STATED = f"""SELECT {ALL_REMOVED}, stated.position, stated.data::text
    FROM (SELECT) AS one LEFT JOIN LATERAL (
        SELECT position, data FROM event WHERE event_type = 'events_removed' AND source = %s AND data ? 'digest'
        ORDER BY position DESC LIMIT 1) AS stated ON true"""
NEWEST = """SELECT position FROM event WHERE event_type = 'events_removed' AND source = %s AND data ? 'digest'
    ORDER BY position DESC LIMIT 1"""
EACH_STATED = """SELECT data->>'ranges' FROM event
    WHERE event_type = 'events_removed' AND source = %s AND data ? 'digest'"""
# Among what goes: the records of redacted events that stay, and the newest beginning of the hash chain.
PROOFS = f"""SELECT r.position, said.* FROM redaction AS r, LATERAL (
        SELECT {COLUMNS} FROM event WHERE position = r.record) AS said
    WHERE EXISTS (SELECT FROM removal WHERE id = ANY(%s) AND positions @> r.record)
    AND NOT EXISTS (SELECT FROM removal WHERE id = ANY(%s) AND positions @> r.position)
    AND EXISTS (SELECT FROM event AS e WHERE e.position = r.position)
    UNION ALL SELECT 0, begun.* FROM (SELECT {COLUMNS} FROM event
        WHERE event_type = 'chain_begun' AND starts_with(source, 'user:') ORDER BY position DESC LIMIT 1) AS begun
    WHERE EXISTS (SELECT FROM removal WHERE id = ANY(%s) AND positions @> begun.position)"""


@dataclass(frozen=True)
class RemovalRecord:
    """What the table holds, and the newest event about it: its position (0 where there is none) and its data."""

    text: str
    record: int
    data: dict[str, Any]

    @property
    def is_accounted_for(self) -> bool:
        return bool(digest(self.text) == self.data.get("digest", digest("{}")))


def stated(connection: Connection = None) -> RemovalRecord:
    [(text, record, data)] = rows(STATED, [SOURCE], connection)
    return RemovalRecord(text, record or 0, json.loads(data) if data else {})


def newest_record(connection: Connection = None) -> int:
    found = rows(NEWEST, [SOURCE], connection)
    return int(found[0][0]) if found else 0


def each_stated() -> Ranges:
    """What the events state that are still there: all that is known where the table is not what it was."""
    return Ranges.union(Ranges.parse(row[0] or "") for row in rows(EACH_STATED, [SOURCE]))


def all_removed(connection: Connection = None) -> str:
    return str(rows(f"SELECT {ALL_REMOVED}", [], connection)[0][0])


def proofs_among(entries: list[int], connection: Connection) -> list[tuple[int, RecordedEvent]]:
    """Of what these rows remove, what still proves something: the position of the redacted event, and the proof."""
    found = rows(PROOFS, [entries, entries, entries], connection)
    return [(row[0], recorded(row[1:])) for row in found]


def record_of(event_id: str, added: str, altogether: str, **more: Any) -> Event:
    """The `events_removed` for what is added to the table, which then holds `altogether`."""
    ranges = {"ranges": shortened(added), "digest": digest(altogether), "total": len(Ranges.parse(altogether))}
    if len(altogether) <= MAX_TEXT:
        ranges["all"] = altogether
    stated = {"by": BY, "address": "", "count": len(Ranges.parse(added))} | more | ranges
    return Event(event_id, utc_now(), EventTypes.EVENTS_REMOVED, SOURCE, stated)


def shortened(text: str) -> str:
    """Whole ranges from the first on, so that what is stated is true."""
    return text if len(text) <= MAX_TEXT else text[: text.rindex(")", 0, MAX_TEXT) + 1] + ", …}"
