"""From an event to a filter: only what has the same type, agent, task or board, or everything but that.

The choices are addresses of Activity. "Only" sets the parameter that the page's own controls set; "not" adds a term to
the query. Either keeps what was filtered by before.
"""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.live.page_state import MAX_QUERY, PageState
from dashboard.pages.activity.active_filters import PARAMETERS, can_be_read
from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_types import meaning_of
from marcus_events.core.filters import Term
from marcus_events.core.sentences import agent_name, board_name, task_name


@dataclass(frozen=True)
class FilterLink:
    """`only` and `without` are query strings; `without` is "" where the query has no room for more."""

    title: str
    words: str
    only: str
    without: str


def choices(page_state: PageState, readable: RecordedEvent) -> dict[str, FilterLink]:
    """By parameter; those that the event has a value for. A type with a star in it would be read as a pattern."""
    found: dict[str, FilterLink] = {}
    board, kind = readable.board_id or "", readable.event_type
    if "*" not in kind:
        found["type"] = FilterLink("Type", meaning_of(kind).title, *both(page_state, "type", kind))
    if agent := readable.agent_id:
        found["agent"] = FilterLink("Agent", agent_name(readable), *both(page_state, "agent", agent))
    if task := readable.task_id:
        found["task"] = FilterLink("Task", task_name(readable), *both(page_state, "task", task, board))
    if board:
        found["board"] = FilterLink("Board", board_name(readable), *both(page_state, "board", board))
    return found


def both(page_state: PageState, name: str, value: str, board: str = "") -> tuple[str, str]:
    """A task is one of its board: others may call theirs the same."""
    only = {name: value} | ({"board": board} if board else {})
    return page_state.query(**only), without(page_state, name, value)


def without(page_state: PageState, name: str, value: str) -> str:
    query = f"{page_state.q} {Term(PARAMETERS[name], (value,), exclude=True)}".strip()
    kept = "" if getattr(page_state, name) == value else getattr(page_state, name)
    return page_state.query(**{"q": query, name: kept}) if len(query) <= MAX_QUERY and can_be_read(query) else ""
