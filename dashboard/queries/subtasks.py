"""Reads subtasks, which are shown under their parent tasks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q

from marcus_events import models

MAX_SUBTASKS = 50  # listed per task; the rest is counted
MAX_ROWS = 2_000  # read per page


@dataclass(frozen=True)
class Subtasks:
    tasks: list[models.Task]
    done: int
    count: int

    @property
    def hidden(self) -> int:
        return self.count - len(self.tasks)


def under_parents() -> Q:
    """Match subtasks that are shown only under their parent; blocked ones are always shown by themselves."""
    parent = models.Task.objects.now().filter(board_id=OuterRef("board_id"), task_id=OuterRef("parent_task_id"))
    return ~Q(parent_task_id="") & ~Q(status="blocked") & Q(Exists(parent.filter(parent_task_id="")))


def of_tasks(board: str, task_ids: Collection[str]) -> dict[str, Subtasks]:
    """Return subtasks by parent, for tasks that have any."""
    rows = models.Task.objects.now().filter(board_id=board, parent_task_id__in=task_ids).exclude(parent_task_id="")
    counted = rows.values_list("parent_task_id").annotate(
        number=Count("*"), done=Count("task_id", filter=Q(status="done"))
    )
    numbers = {parent: (number, done) for parent, number, done in counted.order_by()}
    if not numbers:
        return {}
    listed: dict[str, list[models.Task]] = defaultdict(list)
    for row in rows.defer("description").order_by("created_at", "task_id")[:MAX_ROWS]:
        if len(listed[row.parent_task_id]) < MAX_SUBTASKS:
            listed[row.parent_task_id].append(row)
    return {parent: Subtasks(listed[parent], done, number) for parent, (number, done) in numbers.items()}


def parents_of(board: str, tasks: Collection[models.Task]) -> dict[str, models.Task]:
    """Return the known parents of these tasks by id."""
    ids = {task.parent_task_id for task in tasks} - {""}
    if not ids:
        return {}
    found = models.Task.objects.now().filter(board_id=board, task_id__in=ids).defer("description")
    return {row.task_id: row for row in found}
