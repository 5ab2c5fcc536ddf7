"""Counts events: how many match, of which types, and how they divide."""

from __future__ import annotations

from marcus_events.core.filters import EventFilter
from marcus_events.log.rows import Connection, rows
from marcus_events.log.sql_filter import chosen, every, unremoved, where


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
