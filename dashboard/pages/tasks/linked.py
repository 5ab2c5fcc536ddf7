"""Reads the tasks that a task is linked to: what it depends on, and everything that waits for it, indented."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.queries import current_state
from dashboard.queries.current_state import TaskKey
from dashboard.visibility import Scope
from marcus_events import models
from marcus_events.access import linked_tasks
from marcus_events.search.masking import ANOTHER

MAX_LINKED = 50  # tasks in either direction
MAX_INDENT = 5  # deeper tasks are listed at this depth


@dataclass(frozen=True)
class Linked:
    """A task at the other end of a dependency.

    `task` is None if no event describes it, or if it is on a board that is not visible (`is_hidden`). `board` names
    another board. `depth` is 1 for direct dependencies.
    """

    task_id: str
    name: str
    task: models.Task | None
    board: str = ""
    is_hidden: bool = False
    depth: int = 1

    @property
    def status(self) -> str:
        return self.task.status if self.task else "unknown"


@dataclass(frozen=True)
class TaskLinks:
    """`hidden` counts tasks that are not listed."""

    tasks: list[Linked]
    hidden: int = 0

    @property
    def count(self) -> int:
        return len(self.tasks) + self.hidden


@dataclass(frozen=True)
class Surroundings:
    """`waiting` are the unfinished tasks that wait for a task, directly or through others, each once; `after` are its
    finished direct dependents.
    """

    depends_on: TaskLinks
    waiting: TaskLinks
    after: TaskLinks


def surroundings(scope: Scope, task: models.Task) -> Surroundings:
    own = (task.board_id, task.task_id)
    before = [on for key, on in linked_tasks.neighbours_of([own], scope.visibility).pairs if key == own]
    links = linked_tasks.dependents_of([own], scope.visibility)
    waiting = [] if task.status == "done" else indented(own, links)
    open_keys = {key for key, _ in waiting}
    after = [(key, 1) for key, on in links.pairs if on == own and key not in open_keys and key != own]
    listed = {key for key, _ in waiting[:MAX_LINKED]} | {key for key, _ in after} | set(before)
    tasks = current_state.tasks(listed)
    elsewhere = {board for board, _ in listed if board not in (scope.board, linked_tasks.HIDDEN)}
    boards = current_state.board_names(elsewhere)

    def links_of(found: list[tuple[TaskKey, int]]) -> TaskLinks:
        items = [linked(key, depth, scope.board, tasks, boards) for key, depth in found[:MAX_LINKED]]
        return TaskLinks(items, max(len(found) - MAX_LINKED, 0))

    unfinished_first = sorted(before, key=lambda key: key in tasks and tasks[key].status == "done")
    return Surroundings(links_of([(key, 1) for key in unfinished_first]), links_of(waiting), links_of(after))


def indented(start: TaskKey, links: linked_tasks.LinkedTasks) -> list[tuple[TaskKey, int]]:
    """Every unfinished task behind `start` once, below the one that it waits for, with its depth."""
    behind: dict[TaskKey, list[TaskKey]] = {}
    for task, on in links.open:
        behind.setdefault(on, []).append(task)
    seen, found = {start}, list[tuple[TaskKey, int]]()
    stack = [(task, 1) for task in reversed(behind.get(start, []))]
    while stack:
        task, depth = stack.pop()
        if task not in seen:
            seen.add(task)
            found.append((task, min(depth, MAX_INDENT)))
            stack += [(after, depth + 1) for after in reversed(behind.get(task, []))]
    return found


def linked(key: TaskKey, depth: int, board: str, tasks: dict[TaskKey, models.Task], boards: dict[str, str]) -> Linked:
    if linked_tasks.is_hidden(key):
        return Linked("", ANOTHER, None, is_hidden=True, depth=depth)
    task, on = tasks.get(key), "" if key[0] == board else boards.get(key[0], key[0])
    return Linked(key[1], task.name if task else key[1], task, on, depth=depth)
