"""Find the tasks that depend on a task."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable
from typing import TypeVar

Id = TypeVar("Id", bound=Hashable)  # of a task; where there are several boards, with its board


def transitive_dependents(
    dependencies: Iterable[tuple[Id, Id]], done: Collection[Id], tasks: Collection[Id] | None = None
) -> dict[Id, set[Id]]:
    """Map each open task to the open tasks that depend on it, directly or through other open tasks.

    `dependencies` are pairs (task, dependency). `tasks` restricts the keys of the result. Tasks without dependents are
    left out. Cycles are allowed: a task is never its own dependent.
    """
    dependents: dict[Id, set[Id]] = defaultdict(set)
    for task, depends_on in dependencies:
        if task not in done and depends_on not in done:
            dependents[depends_on].add(task)
    asked = dependents.keys() if tasks is None else dependents.keys() & set(tasks)
    behind = {task: reachable(dependents, task) for task in asked}
    return {task: waiting for task, waiting in behind.items() if waiting}


def reachable(dependents: dict[Id, set[Id]], start: Id) -> set[Id]:
    seen: set[Id] = set()
    todo = [start]
    while todo:
        new = dependents.get(todo.pop(), set()) - seen
        seen |= new
        todo += new
    return seen - {start}
