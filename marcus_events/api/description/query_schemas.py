"""The parameters of the addresses for reading: what each chooses, and with which numbers."""

from __future__ import annotations

from typing import Any

from marcus_events.api.cursors import MAX_ROWS
from marcus_events.api.events import DEFAULT_LIMIT, MAX_LIMIT
from marcus_events.api.wait import DEFAULT_TIMEOUT_S, MAX_TIMEOUT_S
from marcus_events.core.event_types import CATEGORIES
from marcus_events.http.query_params import MAX_POSITION

Parameter = dict[str, Any]
TEXT = {"type": "string"}
POSITION = {"type": "integer", "minimum": 0, "maximum": MAX_POSITION}
MOMENT = "a time with its zone (in a URL, preferably Z), or a duration before now such as 90s, 30m, 2h, 7d, 4w"
BOARD = "Board id or name. A token limited to boards reads only those."


def query(name: str, described: str, example: Any, schema: dict[str, Any]) -> Parameter:
    return {"name": name, "in": "query", "description": described, "schema": schema, "example": example}


def several(name: str, described: str, example: str) -> Parameter:
    """One that may be given more than once, or with commas: any of its values."""
    schema = {"type": "array", "items": TEXT}
    return query(name, f"{described} Repeat it or separate values with commas to match any of them.", [example], schema)


PARAMETERS: dict[str, Parameter] = {
    "type": several("type", "Event type; `*` matches any text.", "task_*"),
    "category": several("category", f"One of {', '.join(CATEGORIES)}.", "task"),
    "source": several("source", "Source; `*` matches any text.", "agent_*"),
    "task": several("task", "Task id.", "cart"),
    "agent": several("agent", "Agent id, with or without its prefix `agent_`.", "claude"),
    "board": query("board", BOARD, "Storefront", TEXT),
    "since": query("since", f"Events from this time on: {MOMENT}.", "2h", TEXT),
    "until": query("until", f"Events before this time: {MOMENT}.", "2026-05-04T09:00:00Z", TEXT),
    "q": query(
        "q",
        "A query that combines these, such as `type:task_* -type:task_progress agent:claude since:2h`. A minus "
        "excludes. A word without a field matches the beginning of a word in any text of the event; words in quotation "
        "marks match as a phrase.",
        "type:task_* -type:task_progress",
        TEXT,
    ),
    "after": query("after", "Positions greater than this.", 3, POSITION),
    "before": query("before", "Positions smaller than this.", 100, POSITION),
    "order": query(
        "order",
        "`desc` for newest first, `asc` for oldest first (the default with `after`).",
        "asc",
        {"type": "string", "enum": ["asc", "desc"]},
    ),
    "limit": query(
        "limit",
        "Maximum number of results.",
        20,
        {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
    ),
    "rows": query(
        "limit",
        "Maximum number of results.",
        100,
        {"type": "integer", "minimum": 1, "maximum": MAX_ROWS, "default": MAX_ROWS},
    ),
    "cursor": query(
        "cursor",
        "The `next` of the previous page. With the same `as_of`, all pages describe the same time.",
        "WyJzaG9wIiwgImFnZW50XzEiXQ",
        TEXT,
    ),
    "timeout": query(
        "timeout",
        "Maximum number of seconds to wait.",
        20,
        {"type": "integer", "minimum": 0, "maximum": MAX_TIMEOUT_S, "default": DEFAULT_TIMEOUT_S},
    ),
    "after_event": query(
        "after_event", "The id of the event to start after, instead of `after`.", "cart-created", TEXT
    ),
    "as_of": query("as_of", f"The state at a past point: a position, {MOMENT}. Defaults to now.", "2h", TEXT),
    "external": query("external", "Only results with this external id.", "TICKET-456", TEXT),
    "sync": query("sync", "Only results with this sync status.", "pending", TEXT),
    "state": query(
        "state",
        "Which blockers to return.",
        "all",
        {"type": "string", "enum": ["open", "resolved", "all"], "default": "open"},
    ),
    "position": {
        "name": "position",
        "in": "path",
        "required": True,
        "description": "Position in the log.",
        "schema": {"type": "integer", "minimum": 0},
        "example": 4,
    },
}


def refer(*names: str) -> list[Parameter]:
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]
