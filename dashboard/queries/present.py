"""Boards, tasks and agents as they are now: what every page is made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import Count
from django.db.models.functions import Lower

from dashboard.sight import Scope
from marcus_events import models
from marcus_events.core.sentences import agent_words
from marcus_events.core.waiting import waiting_behind

NAMED: dict[str, Any] = {"board": models.Board, "agent": models.Agent, "task": models.Task}
STATUSES = ("todo", "assigned", "in_progress", "blocked", "done")


def boards(scope: Scope) -> list[models.Board]:
    """Real boards before demos, then by name."""
    return list(models.Board.objects.now().filter(**scope.on()).order_by("demo", Lower("name"), "board_id"))


@dataclass(frozen=True)
class Names:
    """What boards, agents and tasks are called. An agent goes by one name per board."""

    boards: dict[str, str]
    agents: dict[tuple[str, str], str]
    tasks: dict[tuple[str, str], str] = field(default_factory=dict)

    def board(self, board_id: str) -> str:
        return self.boards.get(board_id) or board_id or "No board"

    def agent(self, board_id: str, agent_id: str) -> str:
        return self.agents.get((board_id, agent_id)) or (agent_words(agent_id) if agent_id else "No one")

    def task(self, board_id: str, task_id: str) -> str:
        return self.tasks.get((board_id, task_id)) or task_id


def names(board_ids: Iterable[str]) -> Names:
    ids = list(board_ids)
    found = models.Board.objects.now().filter(board_id__in=ids).values_list("board_id", "name")
    agents = models.Agent.objects.now().filter(board_id__in=ids).values_list("board_id", "agent_id", "name")
    return Names(dict(found), {(board_id, agent_id): name for board_id, agent_id, name in agents})


def names_with_tasks(board_ids: Iterable[str]) -> Names:
    found = names(board_ids)
    rows = models.Task.objects.now().filter(board_id__in=[*found.boards, ""])
    tasks = {(board_id, task_id): name for board_id, task_id, name in rows.values_list("board_id", "task_id", "name")}
    return replace(found, tasks=tasks)


def names_of(kind: str, ids: Collection[str], scope: Scope) -> dict[str, str]:
    """What boards, agents or tasks with these ids are called, on any board of the scope; where any has a name."""
    name = kind.removesuffix("_id")
    rows = NAMED[name].objects.now().filter(**scope.on()).filter(**{f"{name}_id__in": ids}).exclude(name="")
    return dict(rows.values_list(f"{name}_id", "name"))


def waiting(
    board_ids: Iterable[str], tasks: Collection[tuple[str, str]] | None = None
) -> dict[tuple[str, str], list[str]]:
    """For each task that is not done, or of `tasks`: the tasks that wait behind it, by (board, task)."""
    on_boards = {"board_id__in": list(board_ids)}
    done = set(models.Task.objects.now().filter(status="done", **on_boards).values_list("board_id", "task_id"))
    rows = models.Dependency.objects.now().filter(**on_boards).values_list("board_id", "task_id", "depends_on_id")
    pairs = [((board_id, task_id), (board_id, depends_on_id)) for board_id, task_id, depends_on_id in rows]
    found = waiting_behind(pairs, done, tasks)
    return {task: sorted(task_id for _, task_id in behind) for task, behind in found.items()}


def tasks_by_status(scope: Scope) -> dict[str, dict[str, int]]:
    """board → status → how many tasks."""
    counts: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(STATUSES, 0))
    rows = models.Task.objects.now().filter(**scope.on()).values_list("board_id", "status").annotate(number=Count("*"))
    for board_id, status, number in rows:
        counts[board_id][status] = number
    return counts


def agents_at_work(scope: Scope) -> dict[str, list[models.Agent]]:
    """board → the agents who work on something, or are stuck with it."""
    found: dict[str, list[models.Agent]] = defaultdict(list)
    at_work = models.Agent.objects.now().filter(status__in=("working", "blocked"), **scope.on())
    for agent in at_work.order_by("board_id", "name"):
        found[agent.board_id].append(agent)
    return found
