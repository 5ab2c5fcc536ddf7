"""Query task dependencies across boards, limited to what a viewer may see.

`log.task_boards` determines the board of a task that another one depends on.

A viewer who sees both boards of a dependency sees both tasks. A viewer who sees one of them gets a masked task for the
other: a number in place of its ids, no status, and its own dependencies are not followed. A dependency between two
hidden boards is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from marcus_events.access.visibility import Visibility
from marcus_events.core.dependents import transitive_dependents
from marcus_events.log.rows import rows
from marcus_events.log.task_boards import BOARD, AsOf, held

TaskKey = tuple[str, str]  # board and task
HIDDEN = "\0"  # in place of a board's id, which cannot hold it

OF_TASK = "SELECT FROM task t WHERE t.board_id = {board} AND t.task_id = {task} AND {t}"
IS_KNOWN = "(%(seen)s::text[] IS NULL OR {0} = ANY(%(seen)s::text[]))"
IS_SEEN = "(%(seen)s::text[] IS NULL OR d.board_id = ANY(%(seen)s::text[]) OR other.board_id = ANY(%(seen)s::text[]))"
ENDS = "d.board_id, d.task_id, other.board_id AS on_board, d.depends_on_id AS on_task"
RESOLVED = f"dependency d CROSS JOIN LATERAL (SELECT {BOARD} AS board_id) other"
IS_DONE = f"({IS_KNOWN} AND EXISTS ({OF_TASK} AND t.status = 'done'))"
TASK_DONE = IS_DONE.format("link.board_id", board="link.board_id", task="link.task_id", t="{t}")
ON_DONE = IS_DONE.format("link.on_board", board="link.on_board", task="link.on_task", t="{t}")
WITH_DONE = f"SELECT board_id, task_id, on_board, on_task, {TASK_DONE}, {ON_DONE} FROM link"
THESE = "unnest(%(boards)s::text[], %(tasks)s::text[])"
ON_BOARDS = "(SELECT t.board_id, t.task_id FROM task t WHERE t.board_id = ANY(%(boards)s::text[]) AND {t})"
# All that waits for these tasks, directly or through others that are not done.
AFTER = f"""WITH RECURSIVE link AS (
    SELECT {ENDS} FROM {THESE} wanted(board_id, task_id)
        JOIN {RESOLVED} ON d.depends_on_id = wanted.task_id AND other.board_id = wanted.board_id
        WHERE {{d}} AND {IS_SEEN}
    UNION
    SELECT {ENDS} FROM link JOIN {RESOLVED} ON d.depends_on_id = link.task_id AND other.board_id = link.board_id
        WHERE {{d}} AND {IS_SEEN} AND NOT {TASK_DONE}
) {WITH_DONE}"""
# All that the tasks of these boards wait for, directly or through others that are not done.
BEFORE = f"""WITH RECURSIVE link AS (
    SELECT {ENDS} FROM {RESOLVED} WHERE d.board_id = ANY(%(boards)s::text[]) AND {{d}} {{only}}
    UNION
    SELECT {ENDS} FROM link JOIN {RESOLVED} ON d.board_id = link.on_board AND d.task_id = link.on_task
        WHERE {{d}} AND {IS_SEEN} AND NOT {ON_DONE}
) {WITH_DONE}"""
# What these tasks wait for, and what waits for them, without what comes before or after that.
BESIDE = f"""WITH link AS (
    SELECT {ENDS} FROM {THESE} wanted(board_id, task_id)
        JOIN {RESOLVED} ON d.depends_on_id = wanted.task_id AND other.board_id = wanted.board_id
        WHERE {{d}} AND {IS_SEEN}
    UNION
    SELECT {ENDS} FROM {THESE} wanted(board_id, task_id)
        JOIN {RESOLVED} ON d.board_id = wanted.board_id AND d.task_id = wanted.task_id WHERE {{d}} AND {IS_SEEN}
) {WITH_DONE}"""
# Those alone that lead to another board.
ELSEWHERE = "AND other.board_id <> d.board_id"
# Those alone of these tasks.
OF_TASKS = "AND d.task_id = ANY(%(tasks)s::text[])"


@dataclass
class LinkedTasks:
    """Pairs (task, dependency) in a stable order, and the tasks that are known to be done."""

    pairs: list[tuple[TaskKey, TaskKey]] = field(default_factory=list)
    done: set[TaskKey] = field(default_factory=set)

    @property
    def open(self) -> list[tuple[TaskKey, TaskKey]]:
        return [pair for pair in self.pairs if not self.done.intersection(pair)]


def is_hidden(task: TaskKey) -> bool:
    return task[0] == HIDDEN


def dependents_of(tasks: Collection[TaskKey], visibility: Visibility, moment: AsOf = None) -> LinkedTasks:
    """Return what depends on these tasks, directly or through others that are not done.

    For a task that is done, these are its direct dependents.
    """
    if not tasks:
        return LinkedTasks()
    boards, ids = map(list, zip(*sorted(tasks), strict=True))
    return query_links(AFTER, Masks(visibility), moment, {"boards": boards, "tasks": ids})


def dependents_of_boards(boards: Iterable[str], visibility: Visibility, masks: Masks | None = None) -> LinkedTasks:
    """Return what depends on the tasks of these boards now, directly or through others that are not done."""
    query = AFTER.replace(THESE, ON_BOARDS)
    return query_links(query, masks or Masks(visibility), None, {"boards": list(boards)})


def neighbours_of(tasks: Collection[TaskKey], visibility: Visibility, moment: AsOf = None) -> LinkedTasks:
    """Return the direct dependencies and the direct dependents of these tasks."""
    if not tasks:
        return LinkedTasks()
    boards, ids = map(list, zip(*sorted(tasks), strict=True))
    return query_links(BESIDE, Masks(visibility), moment, {"boards": boards, "tasks": ids})


def dependencies_of(
    boards: Iterable[str], visibility: Visibility, masks: Masks | None = None, *, elsewhere: bool = False
) -> LinkedTasks:
    """Return what the tasks on these boards depend on now, directly or through others that are not done.

    With `elsewhere`, only dependencies on other boards are followed from these boards.
    """
    only = ELSEWHERE if elsewhere else ""
    return query_links(BEFORE.replace("{only}", only), masks or Masks(visibility), None, {"boards": list(boards)})


def dependencies_of_tasks(board: str, task_ids: Collection[str], visibility: Visibility) -> LinkedTasks:
    """Return what these tasks of a board depend on now, directly or through others that are not done."""
    if not task_ids:
        return LinkedTasks()
    values = {"boards": [board], "tasks": sorted(task_ids)}
    return query_links(BEFORE.replace("{only}", OF_TASKS), Masks(visibility), None, values)


def dependents_by_task(
    tasks: Collection[TaskKey], visibility: Visibility, moment: AsOf = None
) -> dict[TaskKey, list[TaskKey]]:
    """Map each of these tasks that is not done to the tasks, on any board, that wait for it."""
    found = dependents_of(tasks, visibility, moment)
    return {task: sorted(behind) for task, behind in transitive_dependents(found.pairs, found.done, tasks).items()}


def query_links(query: str, masks: Masks, moment: AsOf, values: dict[str, Any]) -> LinkedTasks:
    seen = None if masks.visibility.boards is None else sorted(masks.visibility.boards)
    text = query.format(t=held("t", moment), d=held("d", moment))
    found = LinkedTasks()
    for board_id, task_id, on_board, on_task, task_done, on_done in sorted(
        rows(text, values | {"seen": seen, "moment": moment})
    ):
        task, on = masks.key((board_id, task_id)), masks.key((on_board, on_task))
        found.pairs.append((task, on))
        found.done |= {key for key, is_done in ((task, task_done), (on, on_done)) if is_done}
    return found


class Masks:
    """Replaces the ids of tasks on hidden boards with numbers; a task always gets the same number."""

    def __init__(self, visibility: Visibility) -> None:
        self.visibility = visibility
        self._numbers: dict[TaskKey, str] = {}

    def key(self, task: TaskKey) -> TaskKey:
        if self.visibility.allows(task[0]):
            return task
        return HIDDEN, self._numbers.setdefault(task, str(len(self._numbers) + 1))
