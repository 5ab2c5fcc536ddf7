"""What a person went to lately. The browser remembers the keys; the names are looked up, and only visible ones are."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import QueryDict

from dashboard.queries import blockers, current_state
from dashboard.queries.found_names import FoundName, agent_item, blocker_item, board_item, task_item
from dashboard.visibility import Scope
from marcus_events.models import Blocker

MAX_RECENT = 8
MAX_KEY = 4_000  # characters

RecentKey = tuple[str, dict[str, str]]


def recent(keys: Iterable[str], scope: Scope) -> list[FoundName]:
    """Return what these keys name, in their order, without what is gone or hidden."""
    given = [key for key in list(keys)[:MAX_RECENT] if len(key) <= MAX_KEY]
    wanted = [parsed(key) for key in given]
    boards = current_state.names_in(scope, {ids.get("board", "") for _, ids in wanted})
    items = [
        *(board_item(board_id, name) for board_id, name in boards.items()),
        *recent_tasks(wanted, boards),
        *recent_agents(wanted, boards),
        *recent_blockers(wanted, scope),
    ]
    found = {item.key: item for item in items}
    return [found[key] for key in dict.fromkeys(given) if key in found]


def parsed(key: str) -> RecentKey:
    kind, _, query = key.partition("?")
    return kind, {name: str(value).replace("\0", "") for name, value in QueryDict(query).items()}  # no id has a NUL


def recent_tasks(wanted: list[RecentKey], boards: dict[str, str]) -> list[FoundName]:
    found = current_state.tasks(pairs("task", wanted, boards))
    return [task_item(*key, row.name, row.status, boards) for key, row in found.items()]


def recent_agents(wanted: list[RecentKey], boards: dict[str, str]) -> list[FoundName]:
    found = current_state.keyed("agent", pairs("agent", wanted, boards))
    return [agent_item(*key, name, boards) for key, name in found.items()]


def pairs(kind: str, wanted: list[RecentKey], boards: dict[str, str]) -> list[current_state.TaskKey]:
    """Return the keys of a kind, on these boards."""
    return [
        (ids["board"], ids[kind])
        for found, ids in wanted
        if found == kind and kind in ids and ids.get("board") in boards
    ]


def recent_blockers(wanted: list[RecentKey], scope: Scope) -> list[FoundName]:
    numbers = [int(ids["id"]) for kind, ids in wanted if kind == "blocker" and is_number(ids.get("id", ""))]
    rows = list(Blocker.objects.now().filter(blocker_id__in=numbers, **scope.on())) if numbers else []
    names = blockers.names_of(rows)
    return [blocker_item(row.blocker_id, row.board_id, row.task_id, row.description, names) for row in rows]


def is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18
