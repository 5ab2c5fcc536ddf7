"""Replaces the body of a redacted event, and reads the table `redaction`, which says what was replaced and by whom."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from marcus_events.log.rows import execute, rows

REPLACE = "UPDATE event SET data = %s, metadata = %s WHERE position = %s"
INSERT = """INSERT INTO redaction (position, by, reason, at, marker, metadata, leaf, marked, record)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"""
OTHERS_WITH_ID = "SELECT DISTINCT event_id FROM event_identity WHERE event_id = ANY(%s) AND position <> %s"
OUTSIDE = "SELECT position FROM redaction WHERE position < 1 OR position > %s ORDER BY position LIMIT %s"


@dataclass(frozen=True)
class ReplacedBody:
    """A row of `redaction`. `record` is the position of the `event_redacted` that accounts for it."""

    position: int
    by: str
    reason: str
    at: datetime
    marker: dict[str, Any]
    metadata: dict[str, Any]
    leaf: bytes
    marked: bytes
    record: int


def replace_body(to: ReplacedBody) -> None:
    """Within the caller's transaction."""
    marker, metadata = Jsonb(to.marker), Jsonb(to.metadata)
    execute(INSERT, [to.position, to.by, to.reason, to.at, marker, metadata, to.leaf, to.marked, to.record])
    execute(REPLACE, [marker, metadata, to.position])


def is_redacted(position: int) -> bool:
    return bool(rows("SELECT FROM redaction WHERE position = %s", [position]))


def ids_of_others(event_ids: Collection[str], position: int) -> set[str]:
    """Those of the ids that an event at another position has, or had."""
    return {event_id for (event_id,) in rows(OTHERS_WITH_ID, [list(event_ids), position])}


def outside(head: int, limit: int) -> list[int]:
    """Positions of redactions before the first number of the log or after its head."""
    return [position for (position,) in rows(OUTSIDE, [head, limit])]
