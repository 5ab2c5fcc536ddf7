"""Counts events: how many match, of which types, and how they divide."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from marcus_events.core.filters import EventFilter
from marcus_events.log.rows import Connection, rows
from marcus_events.log.sql_filter import HAPPENED_AT, Condition, chosen, every, unremoved, up_to, where

# From one type to the next along the index: as many looks as there are types, however many events.
TYPES = """WITH RECURSIVE known(event_type) AS (
    SELECT min(event_type) FROM event
    UNION ALL SELECT (SELECT min(event_type) FROM event WHERE event_type > known.event_type)
    FROM known WHERE known.event_type IS NOT NULL
) SELECT event_type FROM known WHERE event_type IS NOT NULL"""
BY_STEP_AND_TYPE = f"""SELECT event_type, floor(date_part('epoch', {HAPPENED_AT} - %s) / %s)::int AS step, count(*)
    FROM event WHERE position = ANY(%s) GROUP BY 1, 2"""
BY_VALUE = """SELECT field, value, count(*) FROM event,
    LATERAL (VALUES ('type', event_type), ('source', source), ('board', board_id), ('agent', agent_id))
        AS facet(field, value)
    WHERE position = ANY(%s) AND value IS NOT NULL GROUP BY 1, 2"""
OF_BOARDS = """
SELECT coalesce(board_id, ''), field, value, count(*)
FROM (SELECT * FROM event WHERE {condition} OFFSET 0) AS chosen,
    LATERAL (VALUES ('type', event_type), ('source', source), ('agent', agent_id)) AS facet(field, value)
WHERE value IS NOT NULL GROUP BY 1, 2, 3
"""


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


def count_and_span(condition: Condition, until: int) -> tuple[int, datetime | None, datetime | None]:
    """How many events up to a position match, and when the oldest and the newest of them were recorded."""
    text, values = up_to(condition, until)
    [(count, oldest, newest)] = rows(
        f"SELECT count(*), min(recorded_at), max(recorded_at) FROM event WHERE {text}", values
    )
    return count, oldest, newest


def count_by_type_and_step(
    positions: Sequence[int], begin: datetime | None, step_s: float
) -> list[tuple[str, int, int]]:
    """(type, step, number): how many of the events at these positions happened in each step after `begin`."""
    return rows(BY_STEP_AND_TYPE, [begin, step_s, list(positions)])


def count_by_value(positions: Sequence[int]) -> dict[tuple[str, str], int]:
    """(field, value) → how many of the events at these positions have it: type, source, board and agent."""
    return {(field, value): number for field, value, number in rows(BY_VALUE, [list(positions)])}


def count_by_board_and_value(since: datetime, until: datetime) -> dict[tuple[str, str, str], int]:
    """(board, field, value) → how many events between two times have it, without those that a removal hides."""
    condition, values = chosen(EventFilter(since=since, until=until), hide_removed=True)
    found = rows(OF_BOARDS.format(condition=condition), values)
    return {(board_id, field, value): number for board_id, field, value, number in found}


def known_types() -> list[str]:
    """The event types in the log: an index finds the events of a type, but not those of a pattern."""
    return [row[0] for row in rows(TYPES)]
