"""What waits behind a task: the tasks that cannot go on before it is done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable
from typing import TypeVar

Id = TypeVar("Id", bound=Hashable)  # of a task; where there are several boards, with its board


def transitive_dependents(
    dependencies: Iterable[tuple[Id, Id]], done: Collection[Id], tasks: Collection[Id] | None = None
) -> dict[Id, set[Id]]:
    """For each task that is not done: the tasks not done that wait for it, directly or through others.

    `dependencies` are pairs (task, what it depends on). Only `tasks` are looked at, where they are given; those with
    nothing behind them are left out. A cycle does no harm: a task never waits behind itself.
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
