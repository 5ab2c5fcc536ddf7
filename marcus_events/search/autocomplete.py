"""Autocomplete: values of a field that begin with what has been typed, the most frequent first."""

from __future__ import annotations

from typing import get_args

from marcus_events.core.event_types import CATEGORIES, Importance, types_of
from marcus_events.core.filters import EventFilter
from marcus_events.log.rows import rows
from marcus_events.log.sql_filter import escaped
from marcus_events.search.execute import search_transaction

MAX_VALUES = 20
AUDIT = "audit"
VALUES = """SELECT value FROM facet WHERE field = %s AND value LIKE ANY(%s){boards}{audit}
    GROUP BY value ORDER BY sum(count) DESC, value LIMIT %s"""
BOARDS = """SELECT {name} FROM board LEFT JOIN facet ON facet.board_id = board.board_id AND field = 'type'
    WHERE to_position IS NULL AND lower({name}) LIKE lower(%s){boards}
    GROUP BY {name} ORDER BY coalesce(sum(count), 0) DESC, {name} LIMIT %s"""
FACET_FIELDS = ("type", "source", "agent", "task")
FIXED_VALUES: dict[str, tuple[str, ...]] = {"category": CATEGORIES, "importance": get_args(Importance)}
# Audit events have no board, and their source is the person who acted. People also act on boards.
WITHOUT_AUDIT = {"type": " AND value <> ALL(%s)", "source": " AND NOT (board_id = '' AND value LIKE ALL(%s))"}


def complete(field: str, prefix: str, wanted: EventFilter) -> list[str]:
    """Values of a filter field that begin with `prefix`, on the boards that `wanted` names by id, or on all.

    Values that only audit events have are left out where `wanted` excludes these. A field without values to choose
    from has no completions. Raises QueryTimeout.
    """
    if field in FIXED_VALUES:
        return [value for value in FIXED_VALUES[field] if value.startswith(prefix)]
    is_narrowed = any(term.field == "board_id" for term in wanted.terms)
    boards: list[list[str]] = [list(wanted.values("board_id"))] if is_narrowed else []
    within = " AND {table}.board_id = ANY(%s)" if is_narrowed else ""
    hidden = hidden_values(field, wanted)
    with search_transaction():
        if field in FACET_FIELDS:
            query = VALUES.format(boards=within.format(table="facet"), audit=WITHOUT_AUDIT[field] if hidden else "")
            found = rows(query, [field, like_patterns(field, prefix), *boards, *hidden, MAX_VALUES])
        elif field in ("board", "board_id"):
            name = "board.name" if field == "board" else "board.board_id"
            query = BOARDS.format(name=name, boards=within.format(table="board"))
            found = rows(query, [f"{escaped(prefix)}%", *boards, MAX_VALUES])
        else:
            found = []
    return [value for (value,) in found]


def hidden_values(field: str, wanted: EventFilter) -> list[list[str]]:
    """The parameter of WITHOUT_AUDIT; empty where audit events may be seen."""
    if AUDIT not in wanted.values("category", exclude=True) or field not in WITHOUT_AUDIT:
        return []
    return [types_of(AUDIT)] if field == "type" else [["user:%"]]


def like_patterns(field: str, prefix: str) -> list[str]:
    """LIKE patterns for a prefix. Agents are also found without the `agent_` that Marcus puts before their names."""
    begins = [prefix, f"agent_{prefix}"] if field == "agent" else [prefix]
    return [f"{escaped(each)}%" for each in begins]
