"""Redaction: what an event says is replaced by a marker; that it happened, where and when remains.

    redact(4711, "ada", "It held a password", "192.0.2.7")

1. The event keeps its place, type, source, times and what it is about; of the metadata, what places it on a board. Its
   identity and digest remain, so that the same event sent again is a duplicate and does not come back.
2. One transaction replaces the body, writes down what the hash chain needs (both leaves), appends `event_redacted`,
   which is caused by the event, and takes the same texts out of the tables that were derived from it.
3. Once only, and never of the audit trail: what people did here stays.
4. Copies elsewhere are not reached: backups, exports, and what programs or pages have received by then.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from marcus_events.core.event import Event, Recorded, utc_now
from marcus_events.core.redacted import marker, remaining, texts_in
from marcus_events.core.reserved import USER, Authority, source_of
from marcus_events.core.tracing import CAUSATION, CORRELATION
from marcus_events.core.vocabulary import EventTypes, category_of
from marcus_events.doors.refusals import MAX_ADDRESS, shown
from marcus_events.ingest import offer_from
from marcus_events.log import read
from marcus_events.log.append import append
from marcus_events.log.connect import connect
from marcus_events.log.listener import LOG_CHANNEL
from marcus_events.sealing.chain import leaf_of

MAX_REASON = 300  # characters
WAIT = "10s"  # for the projector's step; a rebuild takes longer, and is not waited for

LEAVES = f"""SELECT {leaf_of()}, {leaf_of(data="%s::jsonb", metadata="%s::jsonb")}
    FROM event AS e WHERE position = %s FOR UPDATE"""
WRITE_DOWN = """INSERT INTO redaction (position, by, reason, at, marker, metadata, leaf, marked, record)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"""
REPLACE = "UPDATE event SET data = %s, metadata = %s WHERE position = %s"
HOLD_STATE = "SELECT FROM checkpoint WHERE projection = 'state' FOR UPDATE"

# Where a text of the event stands in a table that was derived from it.
DERIVED = {
    "task": ("name", "description"),
    "blocker": ("description", "resolution", "answer"),
    "agent": ("name", "role"),
    "board": ("name",),
}
REDACTED = "(redacted)"
CLEAN = """UPDATE {table} AS t SET {column} = %s
    WHERE board_id = %s AND {key} = %s AND {column} = ANY(%s) AND NOT EXISTS (
        SELECT FROM {table} AS earlier WHERE earlier.board_id = t.board_id AND earlier.{key} = t.{key}
            AND earlier.{column} = t.{column} AND earlier.from_position < %s)"""
SUGGESTIONS = """UPDATE blocker SET suggestion = NULL
    WHERE board_id = %s AND task_id = %s AND suggestion = ANY(%s::jsonb[])"""


class NotPossible(ValueError):
    """This event cannot be redacted; the message tells a person why."""


def redact(position: int, by: str, reason: str, address: str = "") -> int:
    """Returns the position of the record. Raises NotPossible, or psycopg.OperationalError where it cannot be now."""
    stated = shown(reason.strip(), MAX_REASON)
    if not stated:
        raise NotPossible("Say why.")
    with connect("redaction", autocommit=True) as connection:
        with connection.transaction():
            connection.execute("SELECT set_config('lock_timeout', %s, true)", [WAIT])
            connection.execute(HOLD_STATE)
            record = replaced(connection, found(position, connection), by, stated, shown(address, MAX_ADDRESS))
        connection.execute("SELECT pg_notify(%s, %s)", (LOG_CHANNEL, str(record)))
    return record


def found(position: int, connection: psycopg.Connection[Any]) -> Recorded:
    event = read.event(position, connection)
    if event is None:
        raise NotPossible(f"There is no event {position}.")
    if category_of(event.event_type) == "audit":
        raise NotPossible("This says what somebody did here. The audit trail is not redacted.")
    if read.rows("SELECT FROM redaction WHERE position = %s", [position], connection):
        raise NotPossible("It is redacted already.")
    return event


def replaced(connection: psycopg.Connection[Any], event: Recorded, by: str, reason: str, address: str) -> int:
    """Step 2, within a transaction."""
    at = utc_now().replace(microsecond=0)
    mark, kept = Jsonb(marker(by, at, reason)), Jsonb(remaining(event.metadata))
    [(leaf, marked)] = read.rows(LEAVES, [mark, kept, event.position], connection)
    said = record_of(event, by, at, reason, address, leaf=bytes(leaf).hex(), marked=bytes(marked).hex())
    [place] = append(connection, [offer_from(said, Authority.SYSTEM)])
    values = [event.position, by, reason, at, mark, kept, leaf, marked, place.position]
    connection.execute(WRITE_DOWN, values)
    connection.execute(REPLACE, [mark, kept, event.position])
    clean(connection, event)
    return place.position


def record_of(event: Recorded, by: str, at: datetime, reason: str, address: str, **leaves: str) -> Event:
    about = {"by": by, "address": address, "position": event.position, "reason": reason, "type": event.event_type}
    cause = {CAUSATION: event.event.event_id, CORRELATION: event.event.event_id}
    return Event(f"audit_{uuid.uuid4().hex}", at, EventTypes.EVENT_REDACTED, source_of(USER, by), about | leaves, cause)


def clean(connection: psycopg.Connection[Any], event: Recorded) -> None:
    """Out of the tables of the present and the past: the texts that came there by this event.

    What an earlier event had said stays, as the name of a task that many events repeat, and so does what remains in the
    metadata.
    """
    texts = sorted((texts_in(event.data) | texts_in(event.metadata)) - texts_in(remaining(event.metadata)))
    own = {"task": ("task_id", event.task_id), "blocker": ("task_id", event.task_id)}
    own |= {"agent": ("agent_id", event.agent_id), "board": ("board_id", event.board_id)}
    for table, columns in DERIVED.items():
        key, identity = own[table]
        for column in columns if identity else ():
            query = CLEAN.format(table=table, column=column, key=key)
            values = [REDACTED, event.board_id or "", identity, texts, event.position]
            connection.execute(query.encode(), values)
    suggestion = event.data.get("suggestion")
    plain = {"text": suggestion} if isinstance(suggestion, str) else suggestion
    if event.task_id and isinstance(plain, dict):
        connection.execute(SUGGESTIONS, [event.board_id or "", event.task_id, [Jsonb(plain)]])
    clean_search(connection, event.position)


def clean_search(connection: psycopg.Connection[Any], position: int) -> None:
    """The words of the event, where they are indexed."""
    if read.rows("SELECT to_regclass('search') IS NOT NULL", [], connection)[0][0]:
        connection.execute("UPDATE search SET words = ''::tsvector WHERE position = %s", [position])
