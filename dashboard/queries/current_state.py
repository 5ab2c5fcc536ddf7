"""Reads the current state of boards, tasks and agents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import Left, Lower

from dashboard.visibility import Scope
from marcus_events import models
from marcus_events.access.linked_tasks import is_hidden
from marcus_events.core.sentences import agent_words
from marcus_events.core.state import TASK_STATUSES
from marcus_events.log.rows import rows
from marcus_events.search.masking import ANOTHER

NAMED: dict[str, Any] = {"board": models.Board, "agent": models.Agent, "task": models.Task}
MAX_BOARDS = 50  # per read
COUNT_CAP = 10_000
KEYED = {
    kind: f"""SELECT board_id, {kind}_id, name FROM unnest(%s::text[], %s::text[]) AS wanted(board_id, {kind}_id)
        JOIN {kind} USING (board_id, {kind}_id) WHERE to_position IS NULL"""
    for kind in ("agent", "task")
}
TaskKey = tuple[str, str]  # board id, and agent or task id


def boards(scope: Scope, most: int = MAX_BOARDS, *, skip: int = 0, called: str = "") -> list[models.Board]:
    """Return at most `most` boards whose name or id contains `called`, real boards before demos, by name."""
    return list(matching(scope, called).order_by("demo", Left(Lower("name"), 64), "board_id")[skip : skip + most])


def number_of_boards(scope: Scope, called: str = "", most: int = COUNT_CAP) -> int:
    """Count matching boards, at most `most`."""
    return int(matching(scope, called).order_by()[:most].count())


def matching(scope: Scope, called: str = "") -> Any:
    rows = models.Board.objects.now().filter(**scope.on())
    return rows.filter(Q(name__icontains=called) | Q(board_id__icontains=called)) if called else rows


def called(scope: Scope, name: str) -> list[str]:
    """Return the ids of boards with this id, or of at most two boards with this name."""
    rows = models.Board.objects.now().filter(**scope.on()).order_by("board_id")
    by_id = rows.filter(board_id=name).values_list("board_id", flat=True)
    return list(by_id) or list(rows.filter(name=name).values_list("board_id", flat=True)[:2])


def board(scope: Scope) -> models.Board | None:
    """Return the chosen board."""
    found: models.Board | None = models.Board.objects.now().filter(**scope.on()).first() if scope.board else None
    return found


def board_names(board_ids: Iterable[str]) -> dict[str, str]:
    """Return the names of existing boards."""
    return dict(models.Board.objects.now().filter(board_id__in=set(board_ids)).values_list("board_id", "name"))


def names_in(scope: Scope, board_ids: Iterable[str]) -> dict[str, str]:
    """Of those of the scope that are there."""
    return dict(matching(scope).filter(board_id__in=set(board_ids)).values_list("board_id", "name"))


@dataclass(frozen=True)
class Waiting:
    """A task that waits for another one; `board` names another board. Ids are "" if the viewer may not know the
    task.
    """

    board_id: str
    task_id: str
    name: str
    board: str = ""


@dataclass(frozen=True)
class KnownNames:
    """Names of boards, agents and tasks. An agent has one name per board."""

    boards: dict[str, str]
    agents: dict[tuple[str, str], str]
    tasks: dict[tuple[str, str], str] = field(default_factory=dict)

    def waiting(self, board_id: str, tasks: Iterable[TaskKey]) -> list[Waiting]:
        """Return these tasks as waiting for one on a board; names other boards."""
        return [
            Waiting("", "", ANOTHER)
            if is_hidden(task)
            else Waiting(*task, self.task(*task), "" if task[0] == board_id else self.board(task[0]))
            for task in tasks
        ]

    def board(self, board_id: str) -> str:
        return self.boards.get(board_id) or board_id or "No board"

    def agent(self, board_id: str, agent_id: str) -> str:
        return self.agents.get((board_id, agent_id)) or (agent_words(agent_id) if agent_id else "Unknown agent")

    def task(self, board_id: str, task_id: str) -> str:
        return self.tasks.get((board_id, task_id)) or task_id


def names(board_ids: Iterable[str], agents: Iterable[TaskKey] = (), tasks: Iterable[TaskKey] = ()) -> KnownNames:
    """Return the known names of these boards, (board, agent) and (board, task) keys."""
    return KnownNames(board_names(board_ids), keyed("agent", agents), keyed("task", tasks))


def keyed(kind: str, keys: Iterable[TaskKey]) -> dict[TaskKey, str]:
    wanted = sorted({key for key in keys if not is_hidden(key)})
    if not wanted:
        return {}
    boards, ids = map(list, zip(*wanted, strict=True))
    return {(board_id, key): name for board_id, key, name in rows(KEYED[kind], [boards, ids])}


def tasks(keys: Iterable[TaskKey]) -> dict[TaskKey, models.Task]:
    """Return the known tasks, without descriptions."""
    wanted = {key for key in keys if not is_hidden(key)}
    ids = {"board_id__in": {board for board, _ in wanted}, "task_id__in": {task for _, task in wanted}}
    rows = models.Task.objects.now().filter(**ids).defer("description") if wanted else models.Task.objects.none()
    return {key: row for row in rows if (key := (row.board_id, row.task_id)) in wanted}


def names_of(kind: str, ids: Collection[str], scope: Scope) -> dict[str, str]:
    """Return the names of ids on any board of the scope."""
    name = kind.removesuffix("_id")
    rows = NAMED[name].objects.now().filter(**scope.on()).filter(**{f"{name}_id__in": ids}).exclude(name="")
    return dict(rows.values_list(f"{name}_id", "name"))


def tasks_by_status(scope: Scope) -> dict[str, dict[str, int]]:
    """Return board → status → number of tasks."""
    counts: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(TASK_STATUSES, 0))
    rows = models.Task.objects.now().filter(**scope.on()).values_list("board_id", "status").annotate(number=Count("*"))
    for board_id, status, number in rows:
        counts[board_id][status] = number
    return counts


def progress(scope: Scope) -> dict[str, int]:
    """Return the number of tasks and of finished ones."""
    rows = models.Task.objects.now().filter(**scope.on())
    numbers = dict(rows.values_list("status").annotate(number=Count("*")))
    return {"tasks": sum(numbers.values()), "done": numbers.get("done", 0)}


def agents_working(scope: Scope) -> int:
    return int(models.Agent.objects.now().filter(status="working", **scope.on()).count())


def agents_at_work(scope: Scope) -> dict[str, list[models.Agent]]:
    """Return board → agents who work on something or are blocked."""
    found: dict[str, list[models.Agent]] = defaultdict(list)
    at_work = models.Agent.objects.now().filter(status__in=("working", "blocked"), **scope.on())
    for agent in at_work.order_by("board_id", "name"):
        found[agent.board_id].append(agent)
    return found
