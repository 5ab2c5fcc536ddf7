"""GET /api/boards, /api/tasks, /api/blockers, /api/agents, /api/counters: what is so, now or `as_of` a moment."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Sum
from django.http import HttpRequest

from marcus_events.api.endpoint import endpoint
from marcus_events.api.parameters import as_of, board_from, choice
from marcus_events.core.event import utc_now
from marcus_events.core.vocabulary import category_of
from marcus_events.core.waiting import waiting_behind
from marcus_events.log import read
from marcus_events.models import Agent, Blocker, Board, Dependency, IntervalQuerySet, Rate, Task, Token

SERIES_MINUTES = 60


@endpoint(scope="read")
def boards(request: HttpRequest, token: Token | None) -> dict[str, Any]:
    tasks: dict[str, Counter[str]] = defaultdict(Counter)
    for task in chosen(Task.objects, request, token):
        tasks[task.board_id][task.status] += 1
    rows = chosen(Board.objects, request, token).order_by("created_at", "board_id")
    return {"boards": [board_dict(row, tasks[row.board_id]) for row in rows]}


def board_dict(row: Board, tasks: Counter[str]) -> dict[str, Any]:
    return {
        "board_id": row.board_id,
        "name": row.name,
        "demo": row.demo,
        "created_at": row.created_at,
        "tasks": {"total": tasks.total(), **dict(sorted(tasks.items()))},
    }


@endpoint(scope="read")
def tasks(request: HttpRequest, token: Token | None) -> dict[str, Any]:
    rows = list(chosen(Task.objects, request, token).order_by("created_at", "board_id", "task_id"))
    depends_on, waiting = dependencies(request, token, rows)
    return {"tasks": [task_dict(row, depends_on, waiting) for row in rows]}


def task_dict(row: Task, depends_on: dict[str, list[str]], waiting: dict[str, set[str]]) -> dict[str, Any]:
    return {
        "task_id": row.task_id,
        "name": row.name,
        "description": row.description,
        "board_id": row.board_id,
        "status": row.status,
        "since": row.status_since,
        "agent_id": row.agent_id or None,
        "progress": row.progress,
        "priority": row.priority or None,
        "labels": row.labels,
        "depends_on": depends_on.get(row.task_id, []),
        "waiting_behind": len(waiting.get(row.task_id, ())),
        "created_at": row.created_at,
    }


def dependencies(
    request: HttpRequest, token: Token | None, rows: list[Task]
) -> tuple[dict[str, list[str]], dict[str, set[str]]]:
    """What each task depends on, and what waits behind it."""
    depends_on: dict[str, list[str]] = defaultdict(list)
    for row in chosen(Dependency.objects, request, token).order_by("task_id", "depends_on_id"):
        depends_on[row.task_id].append(row.depends_on_id)
    pairs = [(task_id, other) for task_id, others in depends_on.items() for other in others]
    return depends_on, waiting_behind(pairs, {row.task_id for row in rows if row.status == "done"})


@endpoint(scope="read")
def blockers(request: HttpRequest, token: Token | None) -> dict[str, Any]:
    state = choice(request, "state", "open", "open", "resolved", "all")
    rows = chosen(Blocker.objects, request, token).order_by("blocker_id")
    if state != "all":
        rows = rows.filter(resolved_at__isnull=state == "open")
    return {"blockers": [blocker_dict(row) for row in rows]}


def blocker_dict(row: Blocker) -> dict[str, Any]:
    return {
        "blocker_id": row.blocker_id,
        "event_id": row.event_id,
        "task_id": row.task_id,
        "board_id": row.board_id,
        "agent_id": row.agent_id or None,
        "description": row.description,
        "severity": row.severity,
        "reported_severity": row.reported_severity,
        "blocker_type": row.blocker_type or None,
        "suggestion": row.suggestion,
        "opened_at": row.opened_at,
        "resolved_at": row.resolved_at,
        "resolution": row.resolution or None,
    }


@endpoint(scope="read")
def agents(request: HttpRequest, token: Token | None) -> dict[str, Any]:
    rows = chosen(Agent.objects, request, token).order_by("board_id", "agent_id")
    return {"agents": [agent_dict(row) for row in rows]}


def agent_dict(row: Agent) -> dict[str, Any]:
    return {
        "agent_id": row.agent_id,
        "name": row.name,
        "role": row.role or None,
        "skills": row.skills,
        "board_id": row.board_id,
        "status": row.status,
        "since": row.status_since,
        "task_id": row.task_id or None,
    }


@endpoint(scope="read")
def counters(request: HttpRequest, token: Token | None) -> dict[str, Any]:
    """`series` is the events of each of the 60 minutes up to the moment, oldest first, by the producers' clocks."""
    board_id, moment = board_from(request, token), as_of(request)
    by_type = past_counts(board_id, moment) if moment is not None else present_counts(board_id)
    by_category: Counter[str] = Counter()
    for event_type, count in by_type.items():
        by_category[category_of(event_type)] += count
    return {
        "total": sum(by_type.values()),
        "by_type": by_type,
        "by_category": dict(sorted(by_category.items())),
        "series": series(board_id, moment if isinstance(moment, datetime) else utc_now()),
    }


def present_counts(board_id: str) -> dict[str, int]:
    counted = of_board(board_id).values_list("event_type").annotate(total=Sum("count")).order_by("event_type")
    return dict(counted)


def past_counts(board_id: str, moment: int | datetime) -> dict[str, int]:
    return read.count_by_type(moment, board_id or None)


def series(board_id: str, until: datetime) -> list[dict[str, Any]]:
    last = until.replace(second=0, microsecond=0)
    minutes = [last - timedelta(minutes=n) for n in reversed(range(SERIES_MINUTES))]
    rates = of_board(board_id).filter(minute__range=(minutes[0], last))
    counted = dict(rates.values_list("minute").annotate(total=Sum("count")))
    return [{"minute": minute, "count": counted.get(minute, 0)} for minute in minutes]


def of_board(board_id: str) -> Any:
    return Rate.objects.filter(board_id=board_id) if board_id else Rate.objects.all()


def chosen(rows: Any, request: HttpRequest, token: Token | None) -> IntervalQuerySet:
    """The intervals that the request asks for: of its board, as of its moment."""
    found: IntervalQuerySet = rows.as_of(as_of(request))
    board_id = board_from(request, token)
    return found.filter(board_id=board_id) if board_id else found
