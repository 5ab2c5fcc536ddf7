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

from marcus_events.core.event import Event, RecordedEvent
from marcus_events.core.filters import EventFilter
from marcus_events.core.references import board_of
from marcus_events.log.sql_filter import Condition, every, unremoved, where

Connection = psycopg.Connection[Any] | None

COLUMNS = """position, recorded_at, event_id, source, event_type, timestamp, data::text, metadata::text,
    board_id, task_id, agent_id"""

STORED_SIZE = "pg_column_size(data) + pg_column_size(metadata)"  # on disk, and compressed
TEXT_SIZE = "octet_length(data::text) + octet_length(metadata::text)"
MOST_BYTES = 4 * 1024 * 1024  # of text in one page: some sixteen of the largest events, thousands of ordinary ones


@dataclass(frozen=True)
class EventPage:
    """Some events in order of position, and whether more match after the last one."""

    events: list[RecordedEvent]
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
) -> list[RecordedEvent]:
    """The next events after a position, in order; see `page` for `max_bytes`."""
    if max_bytes is not None:
        return page(EventFilter(), after=position, limit=limit, max_bytes=max_bytes, connection=connection).events
    query = f"SELECT {COLUMNS} FROM event WHERE position > %s ORDER BY position LIMIT %s"
    return [recorded(row) for row in rows(query, [position, limit], connection)]


def event(position: int, connection: Connection = None) -> RecordedEvent | None:
    found = rows(f"SELECT {COLUMNS} FROM event WHERE position = %s", [position], connection)
    return recorded(found[0]) if found else None


def events(
    wanted: EventFilter,
    *,
    after: int | None = None,
    before: int | None = None,
    limit: int = 100,
    newest_first: bool = True,
    hide_removed: bool = False,
    connection: Connection = None,
) -> list[RecordedEvent]:
    """Events that match, between two positions (both exclusive), by position.

    `hide_removed` leaves out the events of boards up to the removal of each.
    """
    condition, values = chosen(wanted, after, before, hide_removed=hide_removed)
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
    hide_removed: bool = False,
    connection: Connection = None,
) -> EventPage:
    """Like `events`, but no more than fit into `max_bytes`, and the one that exceeds it: a page is never empty.

    A number of events alone would not bound the memory, since events may be large: see `page_where`.
    """
    found = chosen(wanted, after, before, hide_removed=hide_removed)
    return page_where(found, limit, max_bytes, newest_first, connection)


def page_at(
    positions: Sequence[int], *, limit: int, max_bytes: int = MOST_BYTES, newest_first: bool = False
) -> EventPage:
    """A page of the events at these positions."""
    return page_where(("position = ANY(%s)", [list(positions)]), limit, max_bytes, newest_first)


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


# The running sums of a page; `candidates` is one event longer than the page, which tells whether more events match.
PAGE = f"""
WITH candidates AS (
    SELECT * FROM event WHERE {{condition}} ORDER BY {{order}} LIMIT %s
), with_stored_sum AS (
    SELECT *, sum({STORED_SIZE}) OVER earlier AS stored_before, count(*) OVER () AS candidate_count
    FROM candidates {{window}}
), with_text_sum AS (
    SELECT *, sum({TEXT_SIZE}) OVER earlier AS text_before
    FROM with_stored_sum WHERE coalesce(stored_before, 0) < %s {{window}}
)
SELECT {COLUMNS}, candidate_count FROM with_text_sum WHERE coalesce(text_before, 0) < %s ORDER BY {{order}} LIMIT %s
"""


def page_where(
    condition: Condition, limit: int, max_bytes: int, newest_first: bool, connection: Connection = None
) -> EventPage:
    """The first events that fulfil a condition: at most `limit`, up to the one with which they exceed `max_bytes`.

    An event is on the page when those before it are smaller than `max_bytes` together. The stored size is compared
    first, since it is known without reading the event; the text may be many times as large once it is decompressed.
    With `max_bytes` 100, newest first, and events that each take 40 bytes stored and 60 as text:

        position   stored_before   text_before
        9          -               -              on the page
        8          40              60             on the page, which now has 120 bytes
        7          80              120            not on the page
        6          120             not computed   not on the page
    """
    sql, values = condition
    order = f"position {'DESC' if newest_first else 'ASC'}"
    window = f"WINDOW earlier AS (ORDER BY {order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
    query = PAGE.format(condition=sql, order=order, window=window)
    found = rows(query, [*values, limit + 1, max_bytes, max_bytes, limit], connection)
    events = [recorded(row[:-1]) for row in found]
    return EventPage(events, has_more=bool(found) and found[0][-1] > len(events))


def chosen(
    wanted: EventFilter, after: int | None = None, before: int | None = None, *, hide_removed: bool = False
) -> Condition:
    found = where(wanted, after, before)
    return every([found, unremoved()]) if hide_removed else found


def count_after(
    wanted: EventFilter,
    position: int,
    cap: int,
    *,
    before: int | None = None,
    hide_removed: bool = False,
    connection: Connection = None,
) -> int:
    """How many events after a position (and before another) match; counts no further than `cap`."""
    condition, values = chosen(wanted, position, before, hide_removed=hide_removed)
    query = f"SELECT count(*) FROM (SELECT FROM event WHERE {condition} LIMIT %s) AS capped"
    count: int = rows(query, [*values, cap], connection)[0][0]
    return count


def count_by_type(wanted: EventFilter, *, before: int | None = None, connection: Connection = None) -> dict[str, int]:
    """How many events of each type match before a position, without those of boards that were removed by then."""
    condition, values = every([where(wanted, None, before), unremoved(before, wanted.until)])
    query = f"SELECT event_type, count(*) FROM event WHERE {condition} GROUP BY event_type ORDER BY event_type"
    return dict(rows(query, values, connection))


def recent_boards(number: int, connection: Connection = None) -> list[str]:
    """The boards of the newest events, the newest first. They stay the same until STEADY more have come."""
    last = head(connection).position // STEADY * STEADY
    query = """SELECT board_id FROM event WHERE position > %s AND position <= %s AND board_id IS NOT NULL
        GROUP BY board_id ORDER BY max(position) DESC"""
    return [board_id for (board_id,) in rows(query, [last - number, last], connection)]


def caused_by(cause: RecordedEvent, limit: int = 50, connection: Connection = None) -> list[RecordedEvent]:
    """Events soon after `cause` on the same board that name it as their cause."""
    query = f"""SELECT {COLUMNS} FROM event WHERE position > %s AND board_id IS NOT DISTINCT FROM %s
        AND position <= %s AND metadata->>'causation_id' = %s ORDER BY position LIMIT %s"""
    reach = cause.position + CAUSE_REACH
    values = [cause.position, cause.board_id, reach, cause.event.event_id, limit]
    return [recorded(row) for row in rows(query, values, connection)]


OF_ID = "position IN (SELECT position FROM event_identity WHERE event_id = ANY(%s))"
# An id alone names nothing of a producer that is limited to another board: it could be chosen to be taken for a cause.
OF_ID_FOR = "position IN (SELECT position FROM event_identity WHERE event_id = ANY(%s) AND owner IN ('', %s))"
STEADY = 256  # events
CAUSE_REACH = 10_000  # positions looked through for effects: keeps the look-up short without an index of its own


def by_event_id(
    event_id: str, connection: Connection = None, *, boards: Collection[str] | None = None
) -> RecordedEvent | None:
    """The first event of this id, whatever its source; among those of some boards where these are given."""
    on_boards, values = ("", []) if boards is None else (" AND board_id = ANY(%s)", [list(boards)])
    query = f"SELECT {COLUMNS} FROM event WHERE {OF_ID}{on_boards} ORDER BY position LIMIT 1"
    found = rows(query, [[event_id], *values], connection)
    return recorded(found[0]) if found else None


def causes_named(
    event_ids: Iterable[str], board_id: str | None, boards: Collection[str] | None, connection: Connection = None
) -> list[RecordedEvent]:
    """What an event of this board may mean by these ids, in order; those that are not there are left out.

    `boards` are those that are seen, None all. Of several events with the same id it is the one on the event's own
    board, or else the first; none is of a producer that may only publish to other boards.
    """
    on_boards, seen = ("", []) if boards is None else (" AND board_id = ANY(%s)", [list(boards)])
    query = f"""SELECT {COLUMNS} FROM (
            SELECT DISTINCT ON (event_id) * FROM event WHERE {OF_ID_FOR}{on_boards}
            ORDER BY event_id, board_id IS NOT DISTINCT FROM %s DESC, position
        ) AS first ORDER BY position"""
    wanted = list(event_ids)
    values: list[Any] = [wanted, board_id or "", *seen, board_id]
    return [recorded(row) for row in rows(query, values, connection)] if wanted else []


def position_of(event: Event, connection: Connection = None) -> int | None:
    """Where the event stands, or stood, whoever published it; of two with its source and id, the unlimited producer's
    one.
    """
    query = """SELECT position FROM event_identity WHERE event_id = %s AND source = %s AND owner IN ('', %s)
        ORDER BY owner LIMIT 1"""
    found = rows(query, [event.event_id, event.source, board_of(event) or ""], connection)
    return found[0][0] if found else None


def places_of(
    identities: Iterable[tuple[str, str]], connection: Connection = None
) -> dict[tuple[str, str], tuple[int, bytes]]:
    """Where the events of these (source, event_id) stand or stood, and the digest of each; those that the log has never
    had from a producer that may publish to every board are left out.
    """
    query = """SELECT i.source, i.event_id, i.position, i.digest
        FROM unnest(%s::text[], %s::text[]) AS o(source, event_id) JOIN event_identity AS i USING (source, event_id)
        WHERE i.owner = ''"""
    wanted = list(identities)
    found = rows(query, [[source for source, _ in wanted], [event_id for _, event_id in wanted]], connection)
    return {(source, event_id): (position, bytes(digest)) for source, event_id, position, digest in found}


def related(correlation_id: str, limit: int = 10_000, connection: Connection = None) -> list[RecordedEvent]:
    """The event that a correlation is named after, and those that name it, in order."""
    query = f"""SELECT {COLUMNS} FROM event WHERE {OF_ID}
        UNION SELECT {COLUMNS} FROM event WHERE metadata->>'correlation_id' = %s ORDER BY position LIMIT %s"""
    return [recorded(row) for row in rows(query, [[correlation_id], correlation_id, limit], connection)]


def related_to(
    correlation_ids: Iterable[str], board_id: str | None, limit: int, connection: Connection = None
) -> list[RecordedEvent]:
    """Events that name one of these correlations, in order; no more than `limit` of each, and in all. Those of other
    boards count where their producer may publish to every board: others could attach theirs to what is not their own.

    Looked up one by one: asked for all at once and in order, the log would be walked for a rare one.
    """
    query = f"""SELECT {COLUMNS} FROM unnest(%s::text[]) AS named(correlation), LATERAL (
            SELECT * FROM event AS e WHERE metadata->>'correlation_id' = named.correlation AND (
                board_id IS NOT DISTINCT FROM %s OR EXISTS (
                    SELECT FROM event_identity AS i
                    WHERE i.event_id = e.event_id AND i.source = e.source AND i.owner = '' AND i.position = e.position
                )
            ) LIMIT %s
        ) AS found ORDER BY position LIMIT %s"""
    return [recorded(row) for row in rows(query, [list(correlation_ids), board_id, limit, limit], connection)]


def known_ids(event_ids: Iterable[str], connection: Connection = None) -> set[tuple[str, str]]:
    """Each (source, event_id) with one of these ids that the log has taken in from producers that may publish to every
    board.
    """
    query = "SELECT source, event_id FROM event_identity WHERE event_id = ANY(%s) AND owner = ''"
    return {(row[0], row[1]) for row in rows(query, [list(event_ids)], connection)}


def rows(query: str, values: list[Any] | dict[str, Any], connection: Connection) -> list[tuple[Any, ...]]:
    if connection is not None:
        return connection.execute(query.encode(), values).fetchall()
    with django_connection.cursor() as cursor:
        cursor.execute(query, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def recorded(row: tuple[Any, ...]) -> RecordedEvent:
    position, recorded_at, event_id, source, event_type, timestamp, data, metadata, board_id, task_id, agent_id = row
    stated = Event(event_id, timestamp, event_type, source, json.loads(data), json.loads(metadata))
    return RecordedEvent(position, recorded_at, stated, board_id, task_id, agent_id)
