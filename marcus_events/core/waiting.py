"""What waits behind a task: the tasks that cannot go on before it is done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable


def waiting_behind(dependencies: Iterable[tuple[str, str]], done: Collection[str]) -> dict[str, set[str]]:
    """For each task that is not done: the tasks not done that wait for it, directly or through others.

    `dependencies` are pairs (task, what it depends on). Tasks with nothing behind them are left out. A cycle does no
    harm: a task never waits behind itself.
    """
    dependents: dict[str, set[str]] = defaultdict(set)
    for task, depends_on in dependencies:
        if task not in done and depends_on not in done:
            dependents[depends_on].add(task)
    return {task: reachable(dependents, task) for task in list(dependents)}


def reachable(dependents: dict[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    todo = [start]
    while todo:
        new = dependents.get(todo.pop(), set()) - seen
        seen |= new
        todo += new
    return seen - {start}
