"""Links from an event to filters: only, or everything but, its type, agent, task or board.

Links lead to Activity. "Only" sets the parameter that the page's own controls set; "not" adds a term to the query. Both
keep the current filters.
"""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.live.page_state import MAX_QUERY, PageState
from dashboard.pages.activity.active_filters import PARAMETERS, is_valid_query
from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_types import meaning_of
from marcus_events.core.filters import Term
from marcus_events.core.sentences import agent_name, board_name, task_name


@dataclass(frozen=True)
class FilterLink:
    """`only` and `without` are query strings; `without` is "" if the query would become too long."""

    title: str
    words: str
    only: str
    without: str


def choices(page_state: PageState, readable: RecordedEvent) -> dict[str, FilterLink]:
    """Return the links by parameter, for values that the event has. A type with a star would be read as a pattern."""
    found: dict[str, FilterLink] = {}
    board, kind = readable.board_id or "", readable.event_type
    if "*" not in kind:
        found["type"] = FilterLink("Type", meaning_of(kind).title, *filter_link(page_state, "type", kind))
    if agent := readable.agent_id:
        found["agent"] = FilterLink("Agent", agent_name(readable), *filter_link(page_state, "agent", agent))
    if task := readable.task_id:
        found["task"] = FilterLink("Task", task_name(readable), *filter_link(page_state, "task", task, board))
    if board:
        found["board"] = FilterLink("Board", board_name(readable), *filter_link(page_state, "board", board))
    return found


def filter_link(page_state: PageState, name: str, value: str, board: str = "") -> tuple[str, str]:
    """A task is filtered together with its board: other boards may use the same id."""
    only = {name: value} | ({"board": board} if board else {})
    return page_state.query(**only), exclusion_query(page_state, name, value)


def exclusion_query(page_state: PageState, name: str, value: str) -> str:
    query = f"{page_state.q} {Term(PARAMETERS[name], (value,), exclude=True)}".strip()
    kept = "" if getattr(page_state, name) == value else getattr(page_state, name)
    return page_state.query(**{"q": query, name: kept}) if len(query) <= MAX_QUERY and is_valid_query(query) else ""
