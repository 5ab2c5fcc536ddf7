"""An event filter as SQL over the event table: the same question as `EventFilter.matches`, but for words.

Words are what the search index is for (`marcus_events.search`): to look for them here would read every text of every
event.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from marcus_events.core.event_types import MEANINGS, EventTypes, types_of
from marcus_events.core.filters import EventFilter, Term, agent_id_forms

Condition = tuple[str, list[Any]]
NOTHING: Condition = "false", []
# When an event happened: the same as `Recorded.happened_at`, and what the index `event_by_happened` is on.
HAPPENED_AT = "least(timestamp, recorded_at)"


def where(wanted: EventFilter, after: int | None = None, before: int | None = None) -> Condition:
    """A condition with its values, for `SELECT … FROM event WHERE`. Raises ValueError where words are asked for."""
    parts: list[Condition] = []
    parts += [("position > %s", [after])] if after is not None else []
    parts += [("position < %s", [before])] if before is not None else []
    parts += [(f"{HAPPENED_AT} >= %s", [wanted.since])] if wanted.since else []
    parts += [(f"{HAPPENED_AT} < %s", [wanted.until])] if wanted.until else []
    parts += [of_term(term) for term in wanted.terms]
    return every(parts)


def chosen(
    wanted: EventFilter, after: int | None = None, before: int | None = None, *, hide_removed: bool = False
) -> Condition:
    """The same as `where`, where asked for without the events that a removal of their board hides."""
    found = where(wanted, after, before)
    return every([found, unremoved()]) if hide_removed else found


def every(parts: list[Condition]) -> Condition:
    """All of these hold."""
    return " AND ".join(sql for sql, _ in parts) or "true", [value for _, values in parts for value in values]


def on_board(board_id: str, types: Sequence[str] | None) -> Condition:
    """The events of a board, and of these types; "" and None stand for all."""
    board: list[Condition] = [("board_id = %s", [board_id])] if board_id else []
    return every([*board, *([] if types is None else [("event_type = ANY(%s)", [list(types)])])])


def but_not(own: Condition, others: Sequence[Condition]) -> Condition:
    """What may be of no board at all is compared as what it is, not as unknown."""
    return every([(f"({own[0]})", own[1]), *((f"({text}) IS NOT TRUE", values) for text, values in others)])


def up_to(found: Condition, position: int) -> Condition:
    return f"({found[0]}) AND position <= %s", [*found[1], position]


def unremoved(before: int | None = None, until: datetime | None = None) -> Condition:
    """No removal of a board hides the event, among the removals before a position and a time.

    Asked event by event (`OFFSET 0`): no estimate makes the planner join, and sort, the whole log.
    """
    hiding: list[Condition] = [("board_id = event.board_id AND position >= event.position", [])]
    hiding += [("position < %s", [before])] if before is not None else []
    hiding += [("time < %s", [until])] if until else []
    condition, values = every(hiding)
    query = f"event_type <> %s AND NOT EXISTS (SELECT FROM board_removal WHERE {condition} OFFSET 0)"
    return query, [EventTypes.BOARD_REMOVED, *values]


def where_at(position: str, wanted: EventFilter) -> Condition:
    """The event at a position, which is a column of another table, matches. Asked event by event, like `unremoved`."""
    condition, values = where(wanted)
    return f"EXISTS (SELECT FROM event WHERE event.position = {position} AND {condition} OFFSET 0)", values


def unremoved_at(position: str) -> str:
    """No removal of its board hides the event at a position, which is a column of another table."""
    return f"""NOT EXISTS (SELECT FROM event JOIN board_removal AS removal USING (board_id)
        WHERE event.position = {position} AND removal.position >= {position} OFFSET 0)"""


def of_term(term: Term) -> Condition:
    if term.field not in CONDITIONS:
        raise ValueError("words are looked for by marcus_events.search")
    sql, values = CONDITIONS[term.field](term.values)
    return (f"({sql}) IS NOT TRUE" if term.exclude else f"({sql})"), values


def of_pattern(column: str, patterns: tuple[str, ...]) -> Condition:
    exact = [pattern for pattern in patterns if "*" not in pattern]
    if len(exact) == len(patterns):
        return f"{column} = ANY(%s)", [exact]
    return f"{column} LIKE ANY(%s)", [[as_like(pattern) for pattern in patterns]]


def as_like(pattern: str) -> str:
    return escaped(pattern).replace("*", "%")


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def of_category(categories: tuple[str, ...]) -> Condition:
    known = [name for category in categories for name in types_of(category)]
    if "other" in categories:
        return "event_type = ANY(%s) OR event_type <> ALL(%s)", [known, list(MEANINGS)]
    return "event_type = ANY(%s)", [known]


def of_importance(wanted: tuple[str, ...]) -> Condition:
    known = [name for name, meaning in MEANINGS.items() if meaning.importance in wanted]
    if "normal" in wanted:
        return "event_type = ANY(%s) OR event_type <> ALL(%s)", [known, list(MEANINGS)]
    return "event_type = ANY(%s)", [known]


def of_board(boards: tuple[str, ...]) -> Condition:
    """By id or by name; `->>` makes a text of whatever stands there, but only a text is a name."""
    by_name = "(jsonb_typeof(metadata->'board_name') = 'string' AND metadata->>'board_name' = ANY(%s))"
    return f"board_id = ANY(%s) OR {by_name}", [list(boards), list(boards)]


def of_stated(name: str, values: tuple[str, ...]) -> Condition:
    """What the metadata or the data say; only a text counts."""
    parts = [f"(jsonb_typeof({of}->'{name}') = 'string' AND {of}->>'{name}' = ANY(%s))" for of in ("metadata", "data")]
    return " OR ".join(parts), [list(values), list(values)]


CONDITIONS: dict[str, Any] = {
    "type": lambda values: of_pattern("event_type", values),
    "source": lambda values: of_pattern("source", values),
    "category": of_category,
    "importance": of_importance,
    "board": of_board,
    "board_id": lambda values: ("board_id = ANY(%s)", [list(values)]),
    "task": lambda values: ("task_id = ANY(%s)", [list(values)]),
    "agent": lambda values: ("agent_id = ANY(%s)", [[name for value in values for name in agent_id_forms(value)]]),
    "external": lambda values: of_stated("external_id", values),
    "sync": lambda values: of_stated("sync_status", values),
}
