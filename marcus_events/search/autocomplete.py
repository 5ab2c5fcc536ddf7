"""What a value could be of which the beginning has been typed, the most frequent first: from tables that are small."""

from __future__ import annotations

from typing import get_args

from marcus_events.core.event_types import CATEGORIES, Importance, types_of
from marcus_events.core.filters import EventFilter
from marcus_events.log.rows import rows
from marcus_events.log.sql_filter import escaped
from marcus_events.search.execute import patiently

MOST = 20
AUDIT = "audit"
COUNTED = """SELECT value FROM facet WHERE field = %s AND value LIKE ANY(%s){boards}{audit}
    GROUP BY value ORDER BY sum(count) DESC, value LIMIT %s"""
BOARDS = """SELECT {name} FROM board LEFT JOIN facet ON facet.board_id = board.board_id AND field = 'type'
    WHERE to_position IS NULL AND lower({name}) LIKE lower(%s){boards}
    GROUP BY {name} ORDER BY coalesce(sum(count), 0) DESC, {name} LIMIT %s"""
IDS = {"type": "type", "source": "source", "agent": "agent", "task": "task"}
NAMED: dict[str, tuple[str, ...]] = {"category": CATEGORIES, "importance": get_args(Importance)}


# Events of the audit trail are of no board, and their source is the person who acted. People act on boards as well.
WITHOUT_AUDIT = {"type": " AND value <> ALL(%s)", "source": " AND NOT (board_id = '' AND value LIKE ALL(%s))"}


def complete(field: str, prefix: str, wanted: EventFilter) -> list[str]:
    """Values of a field of a filter that begin so, on the boards that `wanted` names by their ids, or on all.

    What only the audit trail holds is left out where `wanted` excludes it. None for a field that has none to choose
    from. Raises TookTooLong.
    """
    if field in NAMED:
        return [value for value in NAMED[field] if value.startswith(prefix)]
    is_narrowed = any(term.field == "board_id" for term in wanted.terms)
    boards: list[list[str]] = [list(wanted.values("board_id"))] if is_narrowed else []
    within = " AND {table}.board_id = ANY(%s)" if is_narrowed else ""
    hidden = hidden_values(field, wanted)
    with patiently():
        if field in IDS:
            query = COUNTED.format(boards=within.format(table="facet"), audit=WITHOUT_AUDIT[field] if hidden else "")
            found = rows(query, [field, beginning(field, prefix), *boards, *hidden, MOST])
        elif field in ("board", "board_id"):
            name = "board.name" if field == "board" else "board.board_id"
            query = BOARDS.format(name=name, boards=within.format(table="board"))
            found = rows(query, [f"{escaped(prefix)}%", *boards, MOST])
        else:
            found = []
    return [value for (value,) in found]


def hidden_values(field: str, wanted: EventFilter) -> list[list[str]]:
    """The parameter of WITHOUT_AUDIT; none where nothing is hidden."""
    if AUDIT not in wanted.values("category", exclude=True) or field not in WITHOUT_AUDIT:
        return []
    return [types_of(AUDIT)] if field == "type" else [["user:%"]]


def beginning(field: str, prefix: str) -> list[str]:
    """Agents are named with or without the prefix that Marcus gives them."""
    begins = [prefix, f"agent_{prefix}"] if field == "agent" else [prefix]
    return [f"{escaped(each)}%" for each in begins]
