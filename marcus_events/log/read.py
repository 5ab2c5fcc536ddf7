"""Read the log: by position, in both directions, through a filter.

Every function takes a connection of psycopg's own, or uses Django's.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection as django_connection

from marcus_events.core.event import Event, Recorded
from marcus_events.core.filters import EventFilter
from marcus_events.core.vocabulary import EventTypes
from marcus_events.log.where import Condition, where

Connection = psycopg.Connection[Any] | None

COLUMNS = """position, recorded_at, event_id, source, event_type, timestamp, data::text, metadata::text,
    board_id, task_id, agent_id"""

# Of an event: its place on the disk is cheap to learn, but where it is compressed the text is many times as much.
STORED = "pg_column_size(data) + pg_column_size(metadata)"
WEIGHT = "octet_length(data::text) + octet_length(metadata::text)"
MOST_BYTES = 4 * 1024 * 1024  # read at once, as text: some sixteen of the largest events, thousands of ordinary ones


@dataclass(frozen=True)
class Page:
    """Some events by position, and whether more of them match beyond the last one."""

    events: list[Recorded]
    has_more: bool


@dataclass(frozen=True)
class Head:
    """The newest position, when it was recorded, the oldest one kept, and what tells this log from another.

    `last_redaction` is the position of the newest record of a redaction, or 0: what was made of the log before it may
    show what is gone.
    """

    position: int
    recorded_at: datetime
    oldest: int
    epoch: UUID
    last_redaction: int


HEAD = """SELECT position, recorded_at, oldest, epoch, (SELECT coalesce(max(record), 0) FROM redaction)
    FROM log_head WHERE id = 1"""


def head(connection: Connection = None) -> Head:
    return Head(*rows(HEAD, [], connection)[0])


def kept_since(connection: Connection = None) -> datetime | None:
    """When the oldest event that is kept was recorded; None where nothing was ever removed before it."""
    oldest = rows("SELECT oldest FROM log_head WHERE id = 1", [], connection)
    if not oldest or oldest[0][0] <= 1:
        return None
    query = "SELECT recorded_at FROM event WHERE position >= %s ORDER BY position LIMIT 1"
    found = rows(query, [oldest[0][0]], connection)
    return found[0][0] if found else None


def projected(projection: str, connection: Connection = None) -> int:
    """The position up to which a projection has come."""
    found = rows("SELECT position FROM checkpoint WHERE projection = %s", [projection], connection)
    return found[0][0] if found else 0


def following(
    position: int, limit: int, connection: Connection = None, *, max_bytes: int | None = None
) -> list[Recorded]:
    """The next events after a position, in order; see `page` for `max_bytes`."""
    if max_bytes is not None:
        return page(EventFilter(), after=position, limit=limit, max_bytes=max_bytes, connection=connection).events
    query = f"SELECT {COLUMNS} FROM event WHERE position > %s ORDER BY position LIMIT %s"
    return [recorded(row) for row in rows(query, [position, limit], connection)]


def event(position: int, connection: Connection = None) -> Recorded | None:
    found = rows(f"SELECT {COLUMNS} FROM event WHERE position = %s", [position], connection)
    return recorded(found[0]) if found else None


def events(
    wanted: EventFilter,
    *,
    after: int | None = None,
    before: int | None = None,
    limit: int = 100,
    newest_first: bool = True,
    removed: dict[str, int] | None = None,
    connection: Connection = None,
) -> list[Recorded]:
    """Events that match, between two positions (both exclusive), by position.

    `removed` leaves out the events of boards up to the position at which each was removed.
    """
    condition, values = where(wanted, after, before, removed)
    order = "DESC" if newest_first else "ASC"
    query = f"SELECT {COLUMNS} FROM event WHERE {condition} ORDER BY position {order} LIMIT %s"
    return [recorded(row) for row in rows(query, [*values, limit], connection)]


def page(
    wanted: EventFilter,
    *,
    after: int | None = None,
    before: int | None = None,
    limit: int,
    max_bytes: int = MOST_BYTES,
    newest_first: bool = False,
    removed: dict[str, int] | None = None,
    connection: Connection = None,
) -> Page:
    """The same as `events`, but no more than `max_bytes` hold, and the one that goes beyond it: never none.

    Events may be of any size up to the largest, and a number of them alone would bound no memory. What they take on the
    disk is summed first, so that not a thousand large ones are written out to find that four are enough.
    """
    return page_of(where(wanted, after, before, removed), limit, max_bytes, newest_first, connection)


def page_at(positions: Sequence[int], *, limit: int, max_bytes: int = MOST_BYTES, newest_first: bool = False) -> Page:
    """The same of the events at these positions."""
    return page_of(("position = ANY(%s)", [list(positions)]), limit, max_bytes, newest_first)


def positions_about(
    things: Sequence[tuple[str, str]], after: int, until: int, limit: int, connection: Connection = None
) -> list[int]:
    """The positions after one and up to another, in order, of the events that are about any of these things: each is a
    column (`board_id`, `task_id`, `agent_id`) and an id.
    """
    one = "(SELECT position FROM event WHERE {} = %s AND position > %s AND position <= %s ORDER BY position LIMIT %s)"
    union = " UNION ".join(one.format(column) for column, _ in things)
    values = [value for _, name in things for value in (name, after, until, limit)]
    found = rows(f"SELECT position FROM ({union}) AS found ORDER BY position LIMIT %s", [*values, limit], connection)
    return [position for (position,) in found]


def page_of(chosen: Condition, limit: int, max_bytes: int, newest_first: bool, connection: Connection = None) -> Page:
    condition, values = chosen
    order = f"position {'DESC' if newest_first else 'ASC'}"
    window = f"WINDOW earlier AS (ORDER BY {order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
    query = f"""SELECT {COLUMNS}, number FROM (
            SELECT *, sum({WEIGHT}) OVER earlier AS weighed FROM (
                SELECT *, sum({STORED}) OVER earlier AS stored, count(*) OVER () AS number
                FROM (SELECT * FROM event WHERE {condition} ORDER BY {order} LIMIT %s) AS next {window}
            ) AS next WHERE coalesce(stored, 0) < %s {window}
        ) AS next WHERE coalesce(weighed, 0) < %s ORDER BY {order} LIMIT %s"""
    found = rows(query, [*values, limit + 1, max_bytes, max_bytes, limit], connection)
    return Page([recorded(row[:-1]) for row in found], bool(found) and found[0][-1] > len(found))


def count_after(
    wanted: EventFilter,
    position: int,
    cap: int,
    *,
    before: int | None = None,
    removed: dict[str, int] | None = None,
    connection: Connection = None,
) -> int:
    """How many events after a position (and before another) match; counts no further than `cap`."""
    condition, values = where(wanted, position, before, removed)
    query = f"SELECT count(*) FROM (SELECT FROM event WHERE {condition} LIMIT %s) AS capped"
    count: int = rows(query, [*values, cap], connection)[0][0]
    return count


def count_by_type(wanted: EventFilter, *, before: int | None = None, connection: Connection = None) -> dict[str, int]:
    """How many events of each type match before a position, without those of boards that were removed by then."""
    removed = removed_boards(connection, until=wanted.until, before=before)
    condition, values = where(wanted, None, before, removed)
    query = f"SELECT event_type, count(*) FROM event WHERE {condition} GROUP BY event_type ORDER BY event_type"
    return dict(rows(query, values, connection))


def caused_by(cause: Recorded, limit: int = 50, connection: Connection = None) -> list[Recorded]:
    """Events soon after `cause` on the same board that name it as their cause."""
    query = f"""SELECT {COLUMNS} FROM event WHERE position > %s AND board_id IS NOT DISTINCT FROM %s
        AND position <= %s AND metadata->>'causation_id' = %s ORDER BY position LIMIT %s"""
    reach = cause.position + CAUSE_REACH
    values = [cause.position, cause.board_id, reach, cause.event.event_id, limit]
    return [recorded(row) for row in rows(query, values, connection)]


OF_ID = "position IN (SELECT position FROM event_identity WHERE event_id = ANY(%s))"
CAUSE_REACH = 10_000  # positions looked through for effects: keeps the look-up short without an index of its own


def by_event_id(
    event_id: str, connection: Connection = None, *, boards: Collection[str] | None = None
) -> Recorded | None:
    """The first event of this id, whatever its source; among those of some boards where these are given."""
    on_boards, values = ("", []) if boards is None else (" AND board_id = ANY(%s)", [list(boards)])
    query = f"SELECT {COLUMNS} FROM event WHERE {OF_ID}{on_boards} ORDER BY position LIMIT 1"
    found = rows(query, [[event_id], *values], connection)
    return recorded(found[0]) if found else None


def by_event_ids(event_ids: Iterable[str], connection: Connection = None) -> list[Recorded]:
    """The first event of each of these ids, in order; those that are not there are left out."""
    query = f"""SELECT {COLUMNS} FROM (
            SELECT DISTINCT ON (event_id) * FROM event WHERE {OF_ID} ORDER BY event_id, position
        ) AS first ORDER BY position"""
    wanted = list(event_ids)
    return [recorded(row) for row in rows(query, [wanted], connection)] if wanted else []


def position_of(source: str, event_id: str, connection: Connection = None) -> int | None:
    """Where the event of this identity stands, or stood."""
    query = "SELECT position FROM event_identity WHERE event_id = %s AND source = %s"
    found = rows(query, [event_id, source], connection)
    return found[0][0] if found else None


def places_of(
    identities: Iterable[tuple[str, str]], connection: Connection = None
) -> dict[tuple[str, str], tuple[int, bytes]]:
    """Where the events of these (source, event_id) stand or stood, and the digest of each; those that the log has never
    had are left out.
    """
    query = """SELECT i.source, i.event_id, i.position, i.digest
        FROM unnest(%s::text[], %s::text[]) AS o(source, event_id) JOIN event_identity AS i USING (source, event_id)"""
    wanted = list(identities)
    found = rows(query, [[source for source, _ in wanted], [event_id for _, event_id in wanted]], connection)
    return {(source, event_id): (position, bytes(digest)) for source, event_id, position, digest in found}


def related(correlation_id: str, limit: int = 10_000, connection: Connection = None) -> list[Recorded]:
    """The event that a correlation is named after, and those that name it, in order."""
    query = f"""SELECT {COLUMNS} FROM event WHERE {OF_ID}
        UNION SELECT {COLUMNS} FROM event WHERE metadata->>'correlation_id' = %s ORDER BY position LIMIT %s"""
    return [recorded(row) for row in rows(query, [[correlation_id], correlation_id, limit], connection)]


def related_to(correlation_ids: Iterable[str], limit: int, connection: Connection = None) -> list[Recorded]:
    """Events that name one of these correlations, in order; no more than `limit` of each, and in all.

    Looked up one by one: asked for all at once and in order, the log would be walked for a rare one.
    """
    query = f"""SELECT {COLUMNS} FROM unnest(%s::text[]) AS named(correlation), LATERAL (
            SELECT * FROM event WHERE metadata->>'correlation_id' = named.correlation LIMIT %s
        ) AS found ORDER BY position LIMIT %s"""
    return [recorded(row) for row in rows(query, [list(correlation_ids), limit, limit], connection)]


def known_ids(event_ids: Iterable[str], connection: Connection = None) -> set[str]:
    """Which of these event ids the log has taken in, whatever their source."""
    query = "SELECT DISTINCT event_id FROM event_identity WHERE event_id = ANY(%s)"
    return {row[0] for row in rows(query, [list(event_ids)], connection)}


def removed_boards(
    connection: Connection = None, *, until: datetime | None = None, before: int | None = None
) -> dict[str, int]:
    """For each board that was ever removed (until a time, before a position): the position at which it last was."""
    removals = EventFilter(until=until).with_term("type", EventTypes.BOARD_REMOVED)
    condition, values = where(removals, None, before)
    query = f"SELECT board_id, max(position) FROM event WHERE {condition} AND board_id IS NOT NULL GROUP BY board_id"
    return dict(rows(query, values, connection))


def rows(query: str, values: list[Any], connection: Connection) -> list[tuple[Any, ...]]:
    if connection is not None:
        return connection.execute(query.encode(), values).fetchall()
    with django_connection.cursor() as cursor:
        cursor.execute(query, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def recorded(row: tuple[Any, ...]) -> Recorded:
    position, recorded_at, event_id, source, event_type, timestamp, data, metadata, board_id, task_id, agent_id = row
    stated = Event(event_id, timestamp, event_type, source, json.loads(data), json.loads(metadata))
    return Recorded(position, recorded_at, stated, board_id, task_id, agent_id)
