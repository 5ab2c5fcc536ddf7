"""Finds boards, tasks, agents and open blockers by name, among those that the viewer may see.

Tasks are found by the index `task_words`: by the beginnings of words in any order, however many tasks there are. What
the index cannot find, names with the typed letters in order, is looked for among the first MAX_SCANNED rows only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from dashboard.queries import current_state
from dashboard.queries.name_match import WORDS, letters_pattern, prefix_query, rank, typed_words
from dashboard.visibility import ON_BOARDS, Scope
from marcus_events.core.filters import EventFilter, InvalidFilter
from marcus_events.core.sentences import agent_words, short
from marcus_events.core.state import TASK_STATUSES
from marcus_events.log.rows import rows

MAX_SCANNED = 5_000  # rows; a few milliseconds
MAX_MATCHES = 2_000  # of a short word, of which the best are chosen
MAX_ROWS = 30  # per kind
MAX_OPEN = 2_000  # newest open blockers
MAX_ABOVE_EVENTS = 6

# As the index has it, see marcus_events.models.projections.
NAME_WORDS = "to_tsvector('simple', coalesce(regexp_replace(left(name, 200), '[^[:alnum:]]+', ' ', 'g'), ''))"
NOW = f"to_position IS NULL AND {ON_BOARDS}"
TASKS_EXACTLY = f"""SELECT board_id, task_id, name, status FROM task
    WHERE {NOW} AND (name = %(text)s OR task_id = %(text)s) LIMIT {MAX_ROWS}"""
TASKS_BY_WORDS = f"""SELECT board_id, task_id, name, status FROM (
        SELECT board_id, task_id, name, status, from_position FROM task
        WHERE {NOW} AND {NAME_WORDS} @@ to_tsquery('simple', %(words)s) LIMIT {MAX_MATCHES}
    ) AS found ORDER BY lower(name) = lower(%(text)s) DESC, starts_with(lower(name), lower(%(text)s)) DESC,
        status = 'done', from_position DESC LIMIT {MAX_ROWS}"""
TASKS_BY_LETTERS = f"""SELECT board_id, task_id, name, status FROM (
        SELECT board_id, task_id, name, status FROM task WHERE {NOW} ORDER BY board_id, task_id LIMIT {MAX_SCANNED}
    ) AS found WHERE left(name, 200) ILIKE %(letters)s LIMIT {MAX_ROWS}"""
AGENTS = f"""SELECT board_id, agent_id, name FROM (
        SELECT board_id, agent_id, name FROM agent WHERE {NOW} ORDER BY board_id, agent_id LIMIT {MAX_SCANNED}
    ) AS found WHERE left(name, 200) ILIKE %(letters)s OR agent_id = %(text)s LIMIT {MAX_SCANNED}"""
BOARDS = f"""SELECT board_id, name FROM (
        SELECT board_id, name FROM board WHERE {NOW} ORDER BY demo, left(lower(name), 64), board_id LIMIT {MAX_SCANNED}
    ) AS found WHERE left(name, 200) ILIKE %(letters)s OR board_id = %(text)s LIMIT {MAX_SCANNED}"""
BLOCKERS = f"""SELECT blocker_id, board_id, task_id, description FROM (
        SELECT blocker_id, board_id, task_id, description FROM blocker
        WHERE {NOW} AND resolved_at IS NULL ORDER BY opened_at DESC LIMIT {MAX_OPEN}
    ) AS found WHERE NOT EXISTS (
        SELECT FROM unnest(%(beginnings)s::text[]) AS word WHERE left(description, 500) !~* word
    ) LIMIT {MAX_ROWS}"""


@dataclass(frozen=True)
class FoundName:
    """Something to go to or to do. `key` names it among the recent ones; `action` is what the page does itself."""

    kind: str
    name: str
    href: str = ""
    hint: str = ""
    key: str = ""
    task: str = ""  # query of a task, which opens beside the page
    blocker: int | None = None  # the same of a blocker
    action: str = ""
    is_over: bool = False  # a task that is done comes after the others
    rank: int = 0

    @property
    def order(self) -> tuple[Any, ...]:
        return self.rank, KINDS.index(self.kind), self.is_over, len(self.name), self.name.casefold(), self.hint


KINDS = ("page", "board", "task", "blocker", "agent", "person", "search", "action")


def find_names(text: str, scope: Scope) -> list[FoundName]:
    """Return what matches, the best first."""
    values = values_of(text, scope)
    found = [*boards(text, values), *tasks(text, values), *agents(text, values), *blockers(text, values)]
    return sorted(found, key=lambda item: item.order)


def find_for_search(query: str, scope: Scope, most: int = MAX_ABOVE_EVENTS) -> list[FoundName]:
    """Return what a search for events names by its words, to be shown above the events; nothing for other queries."""
    text = query.replace('"', " ").strip()
    if is_query(query) or not typed_words(text):
        return []
    return [item for item in find_names(text, scope) if item.rank <= WORDS][:most]


def is_query(text: str) -> bool:
    """Whether the text names a field of events or a time."""
    try:
        found = EventFilter.parse(text)
    except InvalidFilter:
        return True
    return bool(found.since or found.until or any(term.field != "text" or term.exclude for term in found.terms))


def values_of(text: str, scope: Scope) -> dict[str, Any]:
    return {
        "boards": scope.boards,
        "text": text,
        "words": prefix_query(text),
        "letters": letters_pattern(text),
        "beginnings": [rf"\m{word}" for word in typed_words(text)],
    }


def boards(text: str, values: dict[str, Any]) -> list[FoundName]:
    return [
        board_item(board_id, name, best)
        for board_id, name in rows(BOARDS, values)
        if (best := best_rank(text, name, board_id)) is not None
    ]


def tasks(text: str, values: dict[str, Any]) -> list[FoundName]:
    found = rows(TASKS_EXACTLY, values) + (rows(TASKS_BY_WORDS, values) if values["words"] else [])
    if len(found) < MAX_ROWS:
        found += rows(TASKS_BY_LETTERS, values)
    alike = {(board_id, task_id): (name, status) for board_id, task_id, name, status in found}
    names = current_state.board_names(board_id for board_id, _ in alike)
    return [
        task_item(*task, name, status, names, best)
        for task, (name, status) in alike.items()
        if (best := best_rank(text, name, task[1])) is not None
    ]


def agents(text: str, values: dict[str, Any]) -> list[FoundName]:
    found = rows(AGENTS, values)
    names = current_state.board_names(board_id for board_id, _, _ in found)
    return [
        agent_item(board_id, agent_id, name, names, best)
        for board_id, agent_id, name in found
        if (best := best_rank(text, name, agent_id)) is not None
    ]


def blockers(text: str, values: dict[str, Any]) -> list[FoundName]:
    found = rows(BLOCKERS, values) if values["beginnings"] else []
    tasks = [(board_id, task_id) for _, board_id, task_id, _ in found]
    names = current_state.names([board_id for board_id, _ in tasks], tasks=tasks)
    return [
        blocker_item(number, board_id, task_id, words, names, WORDS if (best := rank(text, words)) is None else best)
        for number, board_id, task_id, words in found
    ]


def best_rank(text: str, name: str, key: str) -> int | None:
    """Return the rank of a name; what has none goes by its id, and an id counts when it is typed as a whole."""
    return 0 if text == key else rank(text, name or key)


def board_item(board_id: str, name: str, rank: int = 0) -> FoundName:
    key = f"board?{urlencode({'board': board_id})}"
    return FoundName("board", name or board_id, reverse("board", args=[board_id]), key=key, rank=rank)


def task_item(board_id: str, task_id: str, name: str, status: str, boards: dict[str, str], rank: int = 0) -> FoundName:
    query = urlencode({key: value for key, value in (("board", board_id), ("task", task_id)) if value})
    hint = joined(TASK_STATUSES.get(status, status), boards.get(board_id, board_id))
    href = f"{reverse('task')}?{query}"
    is_over = status == "done"
    return FoundName("task", name or task_id, href, hint, f"task?{query}", task=query, is_over=is_over, rank=rank)


def agent_item(board_id: str, agent_id: str, name: str, boards: dict[str, str], rank: int = 0) -> FoundName:
    query = urlencode({"agent": agent_id, "board": board_id})
    href = f"{reverse('agent', args=[agent_id])}?{urlencode({'board': board_id})}"
    return FoundName(
        "agent", name or agent_words(agent_id), href, boards.get(board_id, board_id), f"agent?{query}", rank=rank
    )


def blocker_item(
    blocker_id: int, board_id: str, task_id: str, description: str, names: current_state.KnownNames, rank: int = 0
) -> FoundName:
    hint = joined(names.task(board_id, task_id), names.board(board_id))
    name, href = short(description), reverse("blocker", args=[blocker_id])
    return FoundName("blocker", name, href, hint, f"blocker?id={blocker_id}", blocker=blocker_id, rank=rank)


def joined(*words: str) -> str:
    return " · ".join(filter(None, words))
