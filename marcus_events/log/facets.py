"""How often each value of a field occurs among the newest events that match."""

from __future__ import annotations

from collections import Counter

from marcus_events.core.filters import EventFilter
from marcus_events.core.vocabulary import category_of
from marcus_events.log.read import rows
from marcus_events.log.where import where

FIELDS = ("type", "category", "source", "board", "agent")


def facets(wanted: EventFilter, cap: int) -> tuple[dict[str, Counter[str]], bool]:
    """By field the values with their counts, and whether there are more events than the `cap` that were counted."""
    condition, values = where(wanted)
    query = f"""SELECT event_type, source, board_id, agent_id, count(*) FROM (
            SELECT event_type, source, board_id, agent_id FROM event WHERE {condition} ORDER BY position DESC LIMIT %s
        ) AS newest GROUP BY 1, 2, 3, 4"""
    found: dict[str, Counter[str]] = {field: Counter() for field in FIELDS}
    total = 0
    for event_type, source, board_id, agent_id, number in rows(query, [*values, cap], None):
        total += number
        stated = (event_type, category_of(event_type), source, board_id, agent_id)
        for field, value in zip(FIELDS, stated, strict=True):
            if value:
                found[field][value] += number
    return found, total >= cap
