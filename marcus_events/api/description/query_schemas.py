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
MOMENT = "a time with its zone, in a URL best with Z, or a span before now such as 90s, 30m, 2h, 7d, 4w"
BOARD = "By id or by name. A token that is bound to boards reads no other."


def query(name: str, described: str, example: Any, schema: dict[str, Any]) -> Parameter:
    return {"name": name, "in": "query", "description": described, "schema": schema, "example": example}


def several(name: str, described: str, example: str) -> Parameter:
    """One that may be given more than once, or with commas: any of its values."""
    schema = {"type": "array", "items": TEXT}
    return query(name, f"{described} Several, or several between commas: any of them.", [example], schema)


PARAMETERS: dict[str, Parameter] = {
    "type": several("type", "By the type; `*` stands for any text.", "task_*"),
    "category": several("category", f"One of {', '.join(CATEGORIES)}.", "task"),
    "source": several("source", "By the source; `*` stands for any text.", "agent_*"),
    "task": several("task", "By the task's id.", "cart"),
    "agent": several("agent", "By the agent's id, also without its prefix `agent_`.", "claude"),
    "board": query("board", BOARD, "Storefront", TEXT),
    "since": query("since", f"By the timestamp, from then on: {MOMENT}.", "2h", TEXT),
    "until": query("until", f"By the timestamp, before then: {MOMENT}.", "2026-05-04T09:00:00Z", TEXT),
    "q": query(
        "q",
        "All of these in one, such as `type:task_* -type:task_progress agent:claude since:2h`. A minus excludes; a "
        "word without a field is the beginning of a word in any text of the event, and words in quotation marks stand "
        "in it side by side.",
        "type:task_* -type:task_progress",
        TEXT,
    ),
    "after": query("after", "Positions greater than this.", 3, POSITION),
    "before": query("before", "Positions smaller than this.", 100, POSITION),
    "order": query(
        "order",
        "Newest first, or oldest first, which is the default with `after`.",
        "asc",
        {"type": "string", "enum": ["asc", "desc"]},
    ),
    "limit": query(
        "limit",
        "At most so many.",
        20,
        {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
    ),
    "rows": query(
        "limit",
        "At most so many.",
        100,
        {"type": "integer", "minimum": 1, "maximum": MAX_ROWS, "default": MAX_ROWS},
    ),
    "cursor": query(
        "cursor",
        "The `next` of the page before. With the same `as_of`, pages tell of the same moment.",
        "WyJzaG9wIiwgImFnZW50XzEiXQ",
        TEXT,
    ),
    "timeout": query(
        "timeout",
        "How many seconds to wait at most.",
        20,
        {"type": "integer", "minimum": 0, "maximum": MAX_TIMEOUT_S, "default": DEFAULT_TIMEOUT_S},
    ),
    "after_event": query(
        "after_event", "The id of the event to begin after, in place of `after`.", "cart-created", TEXT
    ),
    "as_of": query("as_of", f"As it was then: a position, {MOMENT}. Without it, now.", "2h", TEXT),
    "external": query("external", "Only those with this external id.", "TICKET-456", TEXT),
    "sync": query("sync", "Only those with this sync status.", "pending", TEXT),
    "state": query(
        "state",
        "Which blockers.",
        "all",
        {"type": "string", "enum": ["open", "resolved", "all"], "default": "open"},
    ),
    "position": {
        "name": "position",
        "in": "path",
        "required": True,
        "description": "The place in the log.",
        "schema": {"type": "integer", "minimum": 0},
        "example": 4,
    },
}


def refer(*names: str) -> list[Parameter]:
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]
