"""Reads the tasks of a board for its dependency graph."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.db.models import Case, Count, When

from dashboard.queries.current_state import TaskKey
from dashboard.visibility import Scope
from marcus_events import models


@dataclass(frozen=True)
class Unread:
    """How many tasks of a board are linked to none and are not read, since there are more than can be drawn."""

    done: int = 0
    open: int = 0


def own_tasks(scope: Scope, linked: list[str], most: int) -> tuple[dict[TaskKey, models.Task], Unread]:
    """Return the linked tasks of a board, and at most `most` others, in the order in which they were created.

    Others are chosen as `dependency_graph.Waits.most_telling` does: blocked ones first, done ones last.
    """
    rows = models.Task.objects.now().filter(**scope.on())
    rank = Case(When(status="blocked", then=0), When(status="done", then=2), default=1)
    others = rows.exclude(task_id__in=linked).order_by(rank, "created_at", "task_id")
    chosen = [*rows.filter(task_id__in=linked).defer("description"), *others.defer("description")[:most]]
    chosen.sort(key=lambda row: (row.created_at, row.task_id))
    numbers = Counter(dict(rows.order_by().values_list("status").annotate(number=Count("*"))))
    numbers.subtract(row.status for row in chosen)
    unread = Unread(numbers["done"], numbers.total() - numbers["done"])
    return {(row.board_id, row.task_id): row for row in chosen}, unread
