"""Finds events by the id that their producer gave them: `event_identity` has the position of each, kept or removed."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from marcus_events.core.event import Event, RecordedEvent
from marcus_events.core.references import board_of
from marcus_events.log.rows import COLUMNS, Connection, recorded, rows

OF_ID = "position IN (SELECT position FROM event_identity WHERE event_id = ANY(%s))"


def by_event_id(
    event_id: str, connection: Connection = None, *, boards: Collection[str] | None = None
) -> RecordedEvent | None:
    """The first event of this id, whatever its source; among those of some boards where these are given."""
    on_boards, values = ("", []) if boards is None else (" AND board_id = ANY(%s)", [list(boards)])
    query = f"SELECT {COLUMNS} FROM event WHERE {OF_ID}{on_boards} ORDER BY position LIMIT 1"
    found = rows(query, [[event_id], *values], connection)
    return recorded(found[0]) if found else None


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


def known_ids(event_ids: Iterable[str], connection: Connection = None) -> set[tuple[str, str]]:
    """Each (source, event_id) with one of these ids that the log has taken in from producers that may publish to every
    board.
    """
    query = "SELECT source, event_id FROM event_identity WHERE event_id = ANY(%s) AND owner = ''"
    return {(row[0], row[1]) for row in rows(query, [list(event_ids)], connection)}
