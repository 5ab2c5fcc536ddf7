"""Finds what an unfinished task waits for in the end: a blocked task, or the one that has to be done first.

blocked ← direct dependency ← the task          Chain.tasks = [blocked, direct dependency]
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from dashboard.queries import current_state
from dashboard.queries.current_state import TaskKey
from dashboard.visibility import Scope
from marcus_events import models
from marcus_events.access import linked_tasks
from marcus_events.search.masking import ANOTHER


@dataclass(frozen=True)
class ChainLink:
    """A task of a chain. `task` is None if it is unknown or on a hidden board; `board` names another board."""

    name: str
    task: models.Task | None
    board: str = ""


@dataclass(frozen=True)
class WaitingChain:
    """`tasks` leads from what is waited for in the end to the direct dependency. `others` counts further blocked tasks.

    `is_cycle`: the task waits for itself.
    """

    tasks: list[ChainLink]
    is_blocked: bool
    others: int
    is_cycle: bool

    @property
    def root(self) -> ChainLink | None:
        return self.tasks[0] if self.tasks else None


def waiting_chains(scope: Scope, task_ids: Collection[str]) -> dict[str, WaitingChain]:
    """Return the chain of each of these tasks of the chosen board that waits for something."""
    board = scope.board
    links = linked_tasks.dependencies_of_tasks(board, task_ids, scope.visibility)
    needs: dict[TaskKey, list[TaskKey]] = {}
    for task, on in links.open:
        needs.setdefault(task, []).append(on)
    if not needs:
        return {}
    keys = {key for pair in links.open for key in pair}
    tasks = current_state.tasks(keys)
    others = {key[0] for key in keys if key[0] != board and not linked_tasks.is_hidden(key)}
    boards = current_state.board_names(others) if others else {}
    found: dict[str, WaitingChain] = {}
    for task_id in task_ids:
        if (key := (board, task_id)) in needs:
            path, blocked, is_cycle = path_to_root(key, needs, tasks)
            links_of_path = [link(step, board, tasks, boards) for step in path]
            found[task_id] = WaitingChain(links_of_path, bool(blocked), max(len(blocked) - 1, 0), is_cycle)
    return found


def path_to_root(
    start: TaskKey, needs: Mapping[TaskKey, list[TaskKey]], tasks: Mapping[TaskKey, models.Task]
) -> tuple[list[TaskKey], list[TaskKey], bool]:
    """Return the shortest path from a blocked task, the nearest first; without one, from the farthest dependency.

    Also returns all blocked tasks that are waited for, and whether the start waits for itself.
    """
    came_from: dict[TaskKey, TaskKey] = {}
    todo, is_cycle = [start], False
    for task in todo:  # grows meanwhile
        for on in needs.get(task, ()):
            is_cycle |= on == start
            if on != start and on not in came_from:
                came_from[on] = task
                todo.append(on)
    blocked = [key for key in todo[1:] if key in tasks and tasks[key].status == "blocked"]
    if not came_from:
        return [], blocked, is_cycle
    path = [blocked[0] if blocked else todo[-1]]
    while (following := came_from[path[-1]]) != start:
        path.append(following)
    return path, blocked, is_cycle


def link(key: TaskKey, board: str, tasks: Mapping[TaskKey, models.Task], boards: Mapping[str, str]) -> ChainLink:
    if linked_tasks.is_hidden(key):
        return ChainLink(ANOTHER, None)
    task = tasks.get(key)
    return ChainLink(task.name if task else key[1], task, "" if key[0] == board else boards.get(key[0], key[0]))
