"""Follows causes and correlations: the events that an event names, and those that name it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from marcus_events.core.event import RecordedEvent
from marcus_events.log.identities import OF_ID
from marcus_events.log.rows import COLUMNS, Connection, recorded, rows

# An id alone names nothing of a producer that is limited to another board: it could be chosen to be taken for a cause.
OF_ID_FOR = "position IN (SELECT position FROM event_identity WHERE event_id = ANY(%s) AND owner IN ('', %s))"
CAUSE_REACH = 10_000  # positions looked through for effects: keeps the look-up short without an index of its own


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


def caused_by(cause: RecordedEvent, limit: int = 50, connection: Connection = None) -> list[RecordedEvent]:
    """Events soon after `cause` on the same board that name it as their cause."""
    query = f"""SELECT {COLUMNS} FROM event WHERE position > %s AND board_id IS NOT DISTINCT FROM %s
        AND position <= %s AND metadata->>'causation_id' = %s ORDER BY position LIMIT %s"""
    reach = cause.position + CAUSE_REACH
    values = [cause.position, cause.board_id, reach, cause.event.event_id, limit]
    return [recorded(row) for row in rows(query, values, connection)]


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
