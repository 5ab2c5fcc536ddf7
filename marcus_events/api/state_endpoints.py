"""GET /api/boards, /api/tasks, /api/blockers, /api/agents, /api/counters: the state, now or `as_of` a moment."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Sum
from django.http import HttpRequest

from marcus_events.access import linked_tasks
from marcus_events.access.visibility import Visibility
from marcus_events.api import resources
from marcus_events.api.cursors import Keys, page
from marcus_events.api.endpoint import endpoint
from marcus_events.api.query_fields import AS_OF, EXTERNAL, OF_STATE, PAGED, STATE, SYNC, boards_from
from marcus_events.core.event import utc_now
from marcus_events.core.event_types import category_of
from marcus_events.core.external_links import build_url
from marcus_events.core.filters import EventFilter
from marcus_events.log import event_counts, read
from marcus_events.log.task_boards import AsOf
from marcus_events.models import Agent, Blocker, Board, HourlyRate, IntervalQuerySet, Rate, Task

SERIES_MINUTES = 60
TAKES = {
    "boards": (*OF_STATE, *PAGED),
    "tasks": (*OF_STATE, EXTERNAL, SYNC, *PAGED),
    "blockers": (*OF_STATE, STATE, *PAGED),
    "agents": (*OF_STATE, *PAGED),
    "counters": OF_STATE,
}


@endpoint(scope="read", takes=TAKES["boards"])
def boards(request: HttpRequest, visibility: Visibility) -> resources.BoardsPage:
    rows, following = page(
        request, chosen(Board.objects, request, visibility), {"created_at": datetime, "board_id": str}
    )
    tasks: dict[str, Counter[str]] = defaultdict(Counter)
    counted = Task.objects.as_of(AS_OF.of(request)).filter(board_id__in=[row.board_id for row in rows])
    for board_id, status, number in counted.values_list("board_id", "status").annotate(number=Count("*")):
        tasks[board_id][status] = number
    return {"boards": [board_dict(row, tasks[row.board_id]) for row in rows], "next": following}


def board_dict(row: Board, tasks: Counter[str]) -> resources.BoardResource:
    return {
        "board_id": row.board_id,
        "name": row.name,
        "demo": row.demo,
        "created_at": row.created_at.isoformat(),
        "board_type": row.board_type or None,
        "external_id": row.external_id or None,
        "external_url": build_url(row.external_url, row.external_id) or None,
        "sync_status": row.sync_status or None,
        "connection": {
            "status": row.connection or None,
            "since": iso(row.connection_since),
            "error": row.connection_error or None,
            "error_at": iso(row.connection_error_at),
        },
        "fallback": {"since": iso(row.fallback_since), "reason": row.fallback_reason or None},
        "tasks": {"total": tasks.total(), **dict(sorted(tasks.items()))},
    }


def iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


@endpoint(scope="read", takes=TAKES["tasks"])
def tasks(request: HttpRequest, visibility: Visibility) -> resources.TasksPage:
    keys: Keys = {"created_at": datetime, "board_id": str, "task_id": str}
    stated = {"external_id": EXTERNAL.of(request), "sync_status": SYNC.of(request)}
    wanted = chosen(Task.objects, request, visibility).filter(
        **{name: value for name, value in stated.items() if value}
    )
    rows, following = page(request, wanted, keys)
    return {"tasks": task_resources(rows, visibility, AS_OF.of(request)), "next": following}


def task_resources(rows: Sequence[Task], visibility: Visibility, moment: AsOf) -> list[resources.TaskResource]:
    """Describe tasks as of a moment, with what they depend on and how many tasks wait for each."""
    keys = [(row.board_id, row.task_id) for row in rows]
    depends_on, waiting = depending(keys, visibility, moment), linked_tasks.dependents_by_task(keys, visibility, moment)
    patterns = dict(
        Board.objects.as_of(moment)
        .filter(board_id__in={board for board, _ in keys})
        .values_list("board_id", "external_url")
    )
    return [task_dict(row, depends_on, waiting, patterns.get(row.board_id, "")) for row in rows]


def task_dict(
    row: Task,
    depends_on: dict[linked_tasks.TaskKey, list[resources.TaskReference]],
    waiting: dict[linked_tasks.TaskKey, list[linked_tasks.TaskKey]],
    pattern: str,
) -> resources.TaskResource:
    """`pattern` is the URL pattern that the task's board names for its tasks in another system."""
    return {
        "task_id": row.task_id,
        "name": row.name,
        "description": row.description,
        "board_id": row.board_id,
        "status": row.status,
        "since": row.status_since.isoformat(),
        "agent_id": row.agent_id or None,
        "progress": row.progress,
        "priority": row.priority or None,
        "labels": row.labels,
        "parent_task_id": row.parent_task_id or None,
        "depends_on": depends_on.get((row.board_id, row.task_id), []),
        "waiting_behind": len(waiting.get((row.board_id, row.task_id), ())),
        "created_at": row.created_at.isoformat(),
        "external_id": row.external_id or None,
        "external_url": build_url(pattern, row.external_id) or None,
        "sync_status": row.sync_status or None,
    }


def depending(
    tasks: list[linked_tasks.TaskKey], visibility: Visibility, moment: AsOf
) -> dict[linked_tasks.TaskKey, list[resources.TaskReference]]:
    """What each of these tasks depends on. The ids of a task are None if the caller does not see its board."""
    wanted = set(tasks)
    found: dict[linked_tasks.TaskKey, list[resources.TaskReference]] = defaultdict(list)
    for task, on in linked_tasks.neighbours_of(tasks, visibility, moment).pairs:
        if task in wanted:
            board_id, task_id = (None, None) if linked_tasks.is_hidden(on) else on
            found[task].append({"task_id": task_id, "board_id": board_id})
    return found


@endpoint(scope="read", takes=TAKES["blockers"])
def blockers(request: HttpRequest, visibility: Visibility) -> resources.BlockersPage:
    state = STATE.of(request)
    wanted = chosen(Blocker.objects, request, visibility)
    if state != "all":
        wanted = wanted.filter(resolved_at__isnull=state == "open")
    rows, following = page(request, wanted, {"blocker_id": int})
    return {"blockers": [blocker_dict(row) for row in rows], "next": following}


def blocker_dict(row: Blocker) -> resources.BlockerResource:
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
        "opened_at": row.opened_at.isoformat(),
        "resolved_at": row.resolved_at.isoformat() if row.resolved_at else None,
        "resolution": row.resolution or None,
    }


@endpoint(scope="read", takes=TAKES["agents"])
def agents(request: HttpRequest, visibility: Visibility) -> resources.AgentsPage:
    rows, following = page(request, chosen(Agent.objects, request, visibility), {"board_id": str, "agent_id": str})
    return {"agents": [agent_dict(row) for row in rows], "next": following}


def agent_dict(row: Agent) -> resources.AgentResource:
    return {
        "agent_id": row.agent_id,
        "name": row.name,
        "role": row.role or None,
        "skills": row.skills,
        "board_id": row.board_id,
        "status": row.status,
        "since": row.status_since.isoformat(),
        "task_id": row.task_id or None,
    }


@endpoint(scope="read", takes=TAKES["counters"])
def counters(request: HttpRequest, visibility: Visibility) -> resources.EventCounts:
    """`series` counts the events of each of the 60 minutes up to the moment, oldest first."""
    moment = AS_OF.of(request)
    boards = boards_from(request, visibility, moment)
    by_type = present_counts(boards, visibility) if moment is None else past_counts(boards, visibility, moment)
    by_category: Counter[str] = Counter()
    for event_type, count in by_type.items():
        by_category[category_of(event_type)] += count
    return {
        "total": sum(by_type.values()),
        "by_type": by_type,
        "by_category": dict(sorted(by_category.items())),
        "series": series(boards, visibility, time_of(moment)),
    }


def present_counts(boards: list[str] | None, visibility: Visibility) -> dict[str, int]:
    rates = of_boards(HourlyRate, boards, visibility)
    return dict(rates.values_list("event_type").annotate(total=Sum("count")).order_by("event_type"))


def past_counts(boards: list[str] | None, visibility: Visibility, moment: int | datetime) -> dict[str, int]:
    wanted = Visibility(None if boards is None else frozenset(boards), visibility.audit).narrow(EventFilter())
    if isinstance(moment, int):
        return event_counts.count_by_type(wanted, before=moment + 1)
    return event_counts.count_by_type(replace(wanted, until=moment + timedelta(microseconds=1)))


def time_of(moment: int | datetime | None) -> datetime:
    """The time of a moment, which may be stated as a position."""
    if isinstance(moment, datetime):
        return moment
    last = read.events(EventFilter(), before=moment + 1, limit=1) if moment is not None else []
    return last[0].happened_at if last else utc_now()


def series(boards: list[str] | None, visibility: Visibility, until: datetime) -> list[resources.MinuteCount]:
    last = until.replace(second=0, microsecond=0)
    minutes = [last - timedelta(minutes=n) for n in reversed(range(SERIES_MINUTES))]
    rates = of_boards(Rate, boards, visibility).filter(minute__range=(minutes[0], last))
    counted = dict(rates.values_list("minute").annotate(total=Sum("count")))
    return [{"minute": minute.isoformat(), "count": counted.get(minute, 0)} for minute in minutes]


def of_boards(rates: Any, boards: list[str] | None, visibility: Visibility) -> Any:
    counted = rates.objects.exclude(event_type__in=visibility.hidden_types)
    return counted if boards is None else counted.filter(board_id__in=boards)


def chosen(rows: Any, request: HttpRequest, visibility: Visibility) -> IntervalQuerySet:
    """The intervals of the requested boards as of the requested moment."""
    moment = AS_OF.of(request)
    found: IntervalQuerySet = rows.as_of(moment)
    boards = boards_from(request, visibility, moment)
    return found if boards is None else found.filter(board_id__in=boards)
