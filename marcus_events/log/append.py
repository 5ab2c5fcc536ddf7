"""Append: the only write to the log.

Positions are dense and appear in the order in which they are committed. A sequence cannot promise that: a transaction
that took a lower number may commit later, and a reader that asks for "greater than n" never sees it. So whoever appends
locks the one row of `log_head`, numbers its batch from there, and commits. A rollback gives the numbers back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
import psycopg

from marcus_events.core.event_fields import FieldWarning
from marcus_events.core.payload import serialise
from marcus_events.log.single_copy import copy


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

IDENTITY_COLUMNS = "n int, event_id text, source text, owner text, digest text"
EVENT_COLUMNS = """event_type text, timestamp timestamptz, data jsonb, metadata jsonb,
    board_id text, task_id text, agent_id text"""
LOGGED = """position, recorded_at, event_id, source, event_type, timestamp, data, metadata,
    board_id, task_id, agent_id"""
INSERT = f""", appended AS (
    INSERT INTO event ({LOGGED}) SELECT {LOGGED} FROM fresh ORDER BY position
)"""
COPY = f"COPY event ({LOGGED}) FROM STDIN"


def numbering(columns: str, also: str = "") -> str:
    """Return the statement that numbers the offers which the log does not hold yet, and moves the head.

    A statement of its own: its snapshot is taken after the head is ours, and so shows what others committed meanwhile.
    """
    return f"""
WITH head AS MATERIALIZED (
    SELECT position, greatest(recorded_at, clock_timestamp()) AS now FROM log_head WHERE id = 1
), offer AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%s::text::jsonb) AS o({columns})
), known AS MATERIALIZED (
    SELECT n, i.position, i.digest FROM offer JOIN event_identity AS i USING (source, event_id, owner)
), fresh AS MATERIALIZED (
    SELECT offer.*, head.position + row_number() OVER (ORDER BY n) AS position, head.now AS recorded_at
    FROM offer, head WHERE n NOT IN (SELECT n FROM known)
), identified AS (
    INSERT INTO event_identity (event_id, source, owner, position, digest)
    SELECT event_id, source, owner, position, decode(digest, 'hex') FROM fresh ORDER BY position
), moved AS (
    UPDATE log_head SET position = fresh.last, recorded_at = fresh.now
    FROM (SELECT max(position) AS last, max(recorded_at) AS now FROM fresh HAVING count(*) > 0) AS fresh WHERE id = 1
){also}
SELECT position, recorded_at, digest FROM (
    SELECT n, position, recorded_at::text AS recorded_at, decode(digest, 'hex') AS digest FROM fresh
    UNION ALL SELECT n, position, NULL, digest FROM known
) AS place ORDER BY n
"""


NUMBER = numbering(IDENTITY_COLUMNS)
NUMBER_AND_INSERT = numbering(f"{IDENTITY_COLUMNS}, {EVENT_COLUMNS}", INSERT)
FEW = 100  # events that are inserted by one statement: one answer to wait for, where COPY of more costs the server less


def append(
    connection: psycopg.Connection[Any], entries: Sequence[EventData], finish: Callable[[], object] = lambda: None
) -> list[AppendResult]:
    """Append the offers within the caller's transaction, and say where each stands, in their order.

    An offer whose identity the log holds already is not appended again, and takes no number. The same identity twice
    among `offers` is one event. Nothing counts before the caller has committed. What `finish` executes is sent with the
    last statement.
    """
    offers = unlike(entries)
    places = insert_few(connection, offers, finish) if len(offers) <= FEW else copy_many(connection, offers, finish)
    return places if len(offers) == len(entries) else with_repeated(entries, offers, places)


def insert_few(
    connection: psycopg.Connection[Any], offers: Sequence[EventData], finish: Callable[[], object]
) -> list[AppendResult]:
    with connection.pipeline():
        connection.execute(LOCK_HEAD)
        cursor = connection.execute(NUMBER_AND_INSERT, (as_json(offers, whole=True),))
        finish()
    return [AppendResult(position, recorded_at is not None, digest) for position, recorded_at, digest in cursor]


def copy_many(
    connection: psycopg.Connection[Any], offers: Sequence[EventData], finish: Callable[[], object]
) -> list[AppendResult]:
    with connection.pipeline():
        connection.execute(LOCK_HEAD)
        cursor = connection.execute(NUMBER, (as_json(offers),))
    places, fresh = list[AppendResult](), list[tuple[object, ...]]()
    for offer, (position, recorded_at, digest) in zip(offers, cursor, strict=True):
        places.append(AppendResult(position, recorded_at is not None, digest))
        if recorded_at is not None:
            fresh.append(as_row(position, recorded_at, offer))
    if fresh:
        copy(connection, COPY, fresh)
    with connection.pipeline():
        finish()
    return places


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


def as_json(entries: Sequence[EventData], *, whole: bool = False) -> str:
    """The numbered identities of the offers; with `whole`, their other columns too."""
    columns = whole_event if whole else identity_columns
    return orjson.dumps([columns(n, entry) for n, entry in enumerate(entries)]).decode()


def identity_columns(n: int, entry: EventData) -> dict[str, object]:
    return {
        "n": n,
        "event_id": entry.event_id,
        "source": entry.source,
        "owner": entry.owner,
        "digest": entry.digest.hex(),
    }


def whole_event(n: int, entry: EventData) -> dict[str, object]:
    data, metadata = texts_of(entry)
    return identity_columns(n, entry) | {
        "event_type": entry.event_type,
        "timestamp": entry.timestamp.isoformat(),
        "data": orjson.Fragment(data),
        "metadata": orjson.Fragment(metadata),
        "board_id": entry.board_id,
        "task_id": entry.task_id,
        "agent_id": entry.agent_id,
    }


def as_row(position: int, recorded_at: str, entry: EventData) -> tuple[object, ...]:
    """The values of an event's columns, for COPY."""
    names = entry.event_id, entry.source, entry.event_type
    references = entry.board_id, entry.task_id, entry.agent_id
    return (position, recorded_at, *names, entry.timestamp.isoformat(), *texts_of(entry), *references)


def texts_of(entry: EventData) -> tuple[str, str]:
    return entry.texts or (serialise(entry.data), serialise(entry.metadata))
