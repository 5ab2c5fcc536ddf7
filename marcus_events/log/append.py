"""Append: the only write to the log.

Positions are dense and appear in the order in which they are committed. A sequence cannot promise that: a transaction
that took a lower number may commit later, and a reader that asks for "greater than n" never sees it. So whoever appends
locks the one row of `log_head`, numbers its batch from there, and commits. A rollback gives the numbers back.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import psycopg

from marcus_events.core.event_fields import FieldWarning
from marcus_events.core.payload import serialise
from marcus_events.log.bulk_copy import copy


class EventData(NamedTuple):
    """A checked event on its way into the log. `digest` is of the body as its producer sent it, 16 bytes.

    Its identity is (source, event_id) among the events of its owner. The owner is a board where the producer may
    publish to some boards only, and "" for everybody else: so a producer that is limited to one board neither takes nor
    learns what others have.
    """

    event_id: str
    source: str
    event_type: str
    timestamp: datetime
    data: dict[str, Any]
    metadata: dict[str, Any]
    board_id: str | None
    task_id: str | None
    agent_id: str | None
    digest: bytes
    owner: str = ""
    texts: tuple[str, str] | None = None  # `data` and `metadata` as JSON, where somebody has serialised them already
    warnings: tuple[FieldWarning, ...] = ()  # for its producer; the log does not hold them


class AppendResult(NamedTuple):
    """Where an offer stands in the log. Unless `fresh`, it stood there before; `digest` tells whether as the same."""

    position: int
    fresh: bool
    digest: bytes


EventIdentity = tuple[str, str, str]  # source, event_id, owner

LOCK_HEAD = "SELECT FROM log_head WHERE id = 1 FOR UPDATE"

# A statement of its own: its snapshot is taken after the head is ours, and so shows what others committed meanwhile.
IDENTIFY = """
WITH head AS MATERIALIZED (
    SELECT position, greatest(recorded_at, clock_timestamp()) AS now FROM log_head WHERE id = 1
), offer AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%s::text::jsonb) AS o(n int, event_id text, source text, owner text, digest text)
), known AS MATERIALIZED (
    SELECT n, i.position, i.digest FROM offer JOIN event_identity AS i USING (source, event_id, owner)
), fresh AS MATERIALIZED (
    SELECT offer.*, head.position + row_number() OVER (ORDER BY n) AS position, head.now
    FROM offer, head WHERE n NOT IN (SELECT n FROM known)
), identified AS (
    INSERT INTO event_identity (event_id, source, owner, position, digest)
    SELECT event_id, source, owner, position, decode(digest, 'hex') FROM fresh ORDER BY position
), moved AS (
    UPDATE log_head SET position = fresh.last, recorded_at = fresh.now
    FROM (SELECT max(position) AS last, max(now) AS now FROM fresh HAVING count(*) > 0) AS fresh WHERE id = 1
)
SELECT position, recorded_at, digest FROM (
    SELECT n, position, now::text AS recorded_at, decode(digest, 'hex') AS digest FROM fresh
    UNION ALL SELECT n, position, NULL, digest FROM known
) AS place ORDER BY n
"""
COPY = """COPY event (position, recorded_at, event_id, source, event_type, timestamp, data, metadata,
    board_id, task_id, agent_id) FROM STDIN"""


def append(connection: psycopg.Connection[Any], entries: Sequence[EventData]) -> list[AppendResult]:
    """Append the offers within the caller's transaction, and say where each stands, in their order.

    An offer whose identity the log holds already is not appended again, and takes no number. The same identity twice
    among `offers` is one event. Nothing counts before the caller has committed.
    """
    offers = unlike(entries)
    with connection.pipeline():
        connection.execute(LOCK_HEAD)
        cursor = connection.execute(IDENTIFY, (as_json(offers),))
    places, fresh = list[AppendResult](), list[tuple[object, ...]]()
    for offer, (position, recorded_at, digest) in zip(offers, cursor, strict=True):
        places.append(AppendResult(position, recorded_at is not None, digest))
        if recorded_at is not None:
            fresh.append(as_row(position, recorded_at, offer))
    if fresh:
        copy(connection, COPY, fresh)
    return places if len(offers) == len(entries) else with_repeated(entries, offers, places)


def with_repeated(
    entries: Sequence[EventData], offers: Sequence[EventData], places: Sequence[AppendResult]
) -> list[AppendResult]:
    """The place of each entry. Of the same identity twice, the first one alone is fresh."""
    left = dict(zip(map(identity, offers), places, strict=True))
    found: list[AppendResult] = []
    for entry in entries:
        found.append(place := left[identity(entry)])
        left[identity(entry)] = place._replace(fresh=False)
    return found


def unlike(entries: Sequence[EventData]) -> list[EventData]:
    """The offers without repeated identities; the first of each stands."""
    first: dict[EventIdentity, EventData] = {}
    for entry in entries:
        first.setdefault(identity(entry), entry)
    return list(first.values())


def identity(entry: EventData) -> EventIdentity:
    return entry.source, entry.event_id, entry.owner


def as_json(entries: Sequence[EventData]) -> str:
    """The identities of the offers, numbered."""
    return json.dumps(
        [
            {"n": n, "event_id": each.event_id, "source": each.source, "owner": each.owner, "digest": each.digest.hex()}
            for n, each in enumerate(entries)
        ]
    )


def as_row(position: int, recorded_at: str, entry: EventData) -> tuple[object, ...]:
    """The values of an event's columns, for COPY."""
    return (
        position,
        recorded_at,
        entry.event_id,
        entry.source,
        entry.event_type,
        entry.timestamp.isoformat(),
        *(entry.texts or (serialise(entry.data), serialise(entry.metadata))),
        entry.board_id,
        entry.task_id,
        entry.agent_id,
    )
