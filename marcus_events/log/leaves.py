"""Computes the leaves of the hash chain from the rows of the event table.

A leaf is the first 16 bytes of SHA-256 over the row as a JSON array: what a row says has one such text and no other
row has it, since arrays keep their elements apart and jsonb writes the same value in one way only. Times are in whole
microseconds. Finding another row with the same leaf takes some 2^128 tries.
"""

from __future__ import annotations

from typing import Any

from psycopg.types.json import Jsonb

from marcus_events.log.rows import rows

LEAF_BYTES = 16


def leaf_of(row: str = "e", data: str = "", metadata: str = "") -> str:
    """SQL for the leaf of a row; with another body where one is given."""
    return f"""substring(sha256(convert_to(jsonb_build_array(
        {row}.position, (extract(epoch FROM {row}.recorded_at) * 1000000)::bigint,
        (extract(epoch FROM {row}.timestamp) * 1000000)::bigint, {row}.event_id, {row}.source, {row}.event_type,
        {data or f"{row}.data"}, {metadata or f"{row}.metadata"}, {row}.board_id, {row}.task_id, {row}.agent_id
    )::text, 'UTF8')) FROM 1 FOR {LEAF_BYTES})"""


# Of an event that is redacted already, the leaf is that of what it said: see `marcus_events.audit.redaction`.
UNSEALED = f"""
SELECT e.position, coalesce(r.leaf, {leaf_of()}), e.recorded_at <= clock_timestamp() - make_interval(secs => %s)
FROM event AS e LEFT JOIN redaction AS r USING (position)
WHERE e.position >= %s AND e.position < %s ORDER BY e.position
"""
# Of a redacted event, everything that has to agree; NULL of the others.
DETAILS = """CASE WHEN r.position IS NOT NULL THEN jsonb_build_object(
    'data', e.data, 'metadata', e.metadata, 'event_id', e.event_id, 'type', e.event_type,
    'by', r.by, 'reason', r.reason, 'at', r.at, 'marker', r.marker, 'kept', r.metadata,
    'leaf', encode(r.leaf, 'hex'), 'marked', encode(r.marked, 'hex'), 'record', r.record,
    'said', CASE WHEN record.position IS NOT NULL THEN jsonb_build_object(
        'type', record.event_type, 'source', record.source, 'data', record.data, 'metadata', record.metadata,
        'timestamp', record.timestamp) END)::text END"""
# One statement, so that a redaction that is just being made is seen as a whole or not at all.
STANDING = f"""SELECT e.position, {leaf_of()}, {DETAILS} FROM event AS e
    LEFT JOIN redaction AS r USING (position) LEFT JOIN event AS record ON record.position = r.record
    WHERE e.position BETWEEN %s AND %s"""
# Events that say of another one that it was redacted, while that one has no redaction and stands as it was.
UNDONE_REDACTIONS = f"""SELECT e.position, record.position FROM event AS record
    JOIN event AS e ON e.position = CASE WHEN record.data->>'position' ~ '^[1-9][0-9]{{0,17}}$'
        THEN (record.data->>'position')::bigint END
    WHERE record.event_type = 'event_redacted' AND starts_with(record.source, 'user:')
    AND NOT EXISTS (SELECT FROM redaction AS r WHERE r.position = e.position)
    AND encode({leaf_of()}, 'hex') = record.data->>'leaf' ORDER BY 1 LIMIT %s"""
BOTH_LEAVES = f"""SELECT {leaf_of()}, {leaf_of(data="%s::jsonb", metadata="%s::jsonb")}
    FROM event AS e WHERE position = %s FOR UPDATE"""


def unsealed(first: int, until: int, age_s: float) -> list[tuple[int, bytes, bool]]:
    """The events from `first` to before `until`: position, leaf, and whether the event is that old."""
    return [(position, bytes(leaf), is_old) for position, leaf, is_old in rows(UNSEALED, [age_s, first, until])]


def standing(first: int, last: int) -> list[tuple[int, bytes, str | None]]:
    """The events between two positions, both included: position, leaf, and the details of a redaction as JSON."""
    return [(position, bytes(leaf), details) for position, leaf, details in rows(STANDING, [first, last])]


def undone_redactions(limit: int) -> list[tuple[int, int]]:
    """The position of each event that stands as it was before its redaction, and of the event that records that."""
    return [(position, record) for position, record in rows(UNDONE_REDACTIONS, [limit])]


def lock_both_leaves(position: int, data: dict[str, Any], metadata: dict[str, Any]) -> tuple[bytes, bytes] | None:
    """The leaf of an event, and the leaf it has with another body; the row stays locked. None where there is none."""
    for leaf, marked in rows(BOTH_LEAVES, [Jsonb(data), Jsonb(metadata), position]):
        return bytes(leaf), bytes(marked)
    return None
