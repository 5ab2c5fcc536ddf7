"""Reads blockers: open ones by cost, resolved ones with their duration."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log, log10
from typing import Any

from django.db.models import Case, Count, DurationField, ExpressionWrapper, F, Value, When
from django.db.models.functions import Extract, Greatest, Ln

from dashboard.queries import current_state
from dashboard.visibility import Scope
from marcus_events import models
from marcus_events.access import linked_tasks
from marcus_events.core.event import utc_now
from marcus_events.core.event_types import HANDLING, EventTypes
from marcus_events.core.reserved import person_in
from marcus_events.core.sentences import short

SEVERITY_WEIGHT = {"low": 1, "medium": 2, "high": 4, "critical": 8}
MAX_OPEN = 300  # read to be shown; the others are counted
MAX_NAMED = 20  # named tasks that wait behind one
MAX_STEPS = 8
MAX_ANSWERED = 5
MAX_ASSIGNEES = 50
ANSWER_NEWS = timedelta(hours=1)
RESUMED_NEWS = timedelta(minutes=3)
DESERTED_AFTER = timedelta(hours=24)  # agents that wait for an answer over night are not gone
BY_PEOPLE = [*(set(HANDLING) - {EventTypes.ANSWER_AWAITED, EventTypes.ANSWER_SEEN})]


@dataclass(frozen=True)
class NamedBlocker:
    """A blocker with the names of its board, task and agent."""

    blocker: models.Blocker
    task: str
    agent: str
    board: str
    demo: bool

    @property
    def ended_by_program(self) -> str:
        """The source of the program that resolved it; "" if a person did, or the task moved on."""
        source = self.blocker.resolved_by
        return "" if person_in(source) else source


@dataclass(frozen=True)
class OpenBlocker(NamedBlocker):
    """`waiting` are the tasks that wait behind it, on any board; `behind` are their keys. `steps` are Marcus's
    suggestion. `is_deserted` says that nobody works on its board.
    """

    waiting: list[current_state.Waiting]
    behind: list[current_state.TaskKey]
    steps: list[str]
    cost: float
    snoozed: bool
    awaited: bool  # a program waits for the answer
    is_deserted: bool

    @property
    def stopped(self) -> int:
        """How many tasks stand still: the blocked one and those that wait behind it."""
        return 1 + len(self.behind)

    @property
    def severity_changed(self) -> bool:
        return self.blocker.reported_severity != self.blocker.severity


@dataclass(frozen=True)
class ResolvedBlocker(NamedBlocker):
    took: timedelta


WEIGHT = Case(
    *(When(severity=name, then=weight) for name, weight in SEVERITY_WEIGHT.items()), default=SEVERITY_WEIGHT["medium"]
)
SORTS = {
    "cost": lambda item: (item.is_deserted, -item.cost),
    "age": lambda item: item.blocker.opened_at,
    "severity": lambda item: -SEVERITY_WEIGHT.get(item.blocker.severity, 0),
    "waiting": lambda item: -len(item.waiting),
    "board": lambda item: item.board.casefold(),
}
SORTS_IN_WORDS = {
    "": "cost",
    "age": "age",
    "severity": "severity",
    "waiting": "tasks waiting",
    "board": "board",
    "cause": "cause",
}


def count_open(scope: Scope) -> int:
    return int(unsnoozed_rows(scope, utc_now()).count())


def count_causes(rows: Any) -> int:
    return int(rows.order_by().values("board_id", "description").distinct().count())


def count_tasks(rows: Any) -> int:
    return int(rows.order_by().values("board_id", "task_id").distinct().count())


def assigned(rows: Any) -> dict[str, int]:
    """Return assignee → number of these blockers; the busiest MAX_ASSIGNEES."""
    counted = rows.order_by().exclude(assignee="").values_list("assignee").annotate(number=Count("*"))
    return dict(counted.order_by("-number", "assignee")[:MAX_ASSIGNEES])


def has_several_boards(scope: Scope) -> bool:
    """Whether a row has to name its board."""
    return not scope.board and current_state.number_of_boards(scope, most=2) > 1


def open_rows(scope: Scope) -> Any:
    return models.Blocker.objects.now().filter(resolved_at=None, **scope.on())


def unsnoozed_rows(scope: Scope, now: datetime) -> Any:
    """Return the open blockers that every page counts: those that nobody has snoozed."""
    return open_rows(scope).exclude(snoozed_until__gt=now)


def open_blockers(
    scope: Scope, sort: str = "cost", now: datetime | None = None, chosen: Any = None
) -> list[OpenBlocker]:
    """Return open blockers, costliest first or by another of SORTS; only `chosen` rows if given.

    With more than MAX_OPEN, selects those that rank highest without the tasks that wait behind them.
    """
    now = now or utc_now()
    rows = list((open_rows(scope) if chosen is None else chosen).order_by(*first_by(sort, now))[:MAX_OPEN])
    board_ids = {row.board_id for row in rows}
    waiting = linked_tasks.dependents_by_task({(row.board_id, row.task_id) for row in rows}, scope.visibility)
    names = names_of(rows, [task for behind in waiting.values() for task in behind[:MAX_NAMED]])
    demos = set(models.Board.objects.now().filter(demo=True, board_id__in=board_ids).values_list("board_id", flat=True))
    at_work = boards_at_work(board_ids, now)
    items = [open_blocker(row, waiting, names, demos, at_work, now) for row in rows]
    return sorted(items, key=SORTS.get(sort, SORTS["cost"]))


def first_by(sort: str, now: datetime) -> list[Any]:
    if sort == "age":
        return ["opened_at"]
    if sort == "severity":
        return [WEIGHT.desc(), "opened_at"]
    return [cost_without_waiting(now).desc(), "opened_at"]


def cost_without_waiting(now: datetime) -> Any:
    """Return the cost of the blocked task alone; of the same order as `cost`."""
    age = ExpressionWrapper(Value(now) - F("opened_at"), output_field=DurationField())
    minutes = Greatest(Extract(age, "epoch"), Value(60.0)) / Value(60.0)
    return WEIGHT * (Value(log(10)) + Ln(minutes))


def boards_at_work(board_ids: Iterable[str], now: datetime) -> set[str]:
    """Return those of the boards from which agents, or programs, have been heard of in DESERTED_AFTER."""
    heard = models.HourlyRate.objects.filter(board_id__in=set(board_ids), hour__gt=now - DESERTED_AFTER)
    return set(heard.exclude(event_type__in=BY_PEOPLE).values_list("board_id", flat=True).distinct())


def names_of(rows: Iterable[models.Blocker], tasks: Iterable[current_state.TaskKey] = ()) -> current_state.KnownNames:
    """Return the names of these blockers' boards, tasks and agents, and of the given tasks."""
    found = list(rows)
    agents = [(row.board_id, row.agent_id) for row in found]
    own = [(row.board_id, row.task_id) for row in found]
    others = list(tasks)
    boards = {board_id for board_id, _ in [*own, *others] if board_id != linked_tasks.HIDDEN}
    return current_state.names(boards, agents, [*own, *others])


def open_blocker(
    row: models.Blocker,
    waiting: dict[current_state.TaskKey, list[current_state.TaskKey]],
    names: current_state.KnownNames,
    demos: set[str],
    at_work: set[str],
    now: datetime,
) -> OpenBlocker:
    behind = waiting.get((row.board_id, row.task_id), [])
    return OpenBlocker(
        blocker=row,
        task=names.task(row.board_id, row.task_id),
        agent=names.agent(row.board_id, row.agent_id),
        board=names.board(row.board_id),
        demo=row.board_id in demos,
        waiting=names.waiting(row.board_id, behind),
        behind=behind,
        steps=steps(row.suggestion),
        cost=cost(1 + len(behind), row.opened_at, row.severity, now),
        snoozed=is_snoozed(row, now),
        awaited=row.awaited_until is not None and row.awaited_until > now,
        is_deserted=row.board_id not in at_work,
    )


def is_snoozed(row: models.Blocker, now: datetime) -> bool:
    return row.snoozed_until is not None and row.snoozed_until > now


def steps(suggestion: object) -> list[str]:
    """Extract the steps of a suggestion of any shape, else its text."""
    if not isinstance(suggestion, dict):
        return []
    for key in ("resolution_steps", "steps", "text", "suggestion"):
        value = suggestion.get(key)
        values = value if isinstance(value, list) else [value]
        if found := [short(item) for item in values if isinstance(item, str) and item.strip()]:
            return found[:MAX_STEPS]
    return []


def waiting_in_all(items: Iterable[OpenBlocker]) -> int:
    """Count the tasks that wait behind any of these blockers, each once, without blocked tasks."""
    blocked = {(item.blocker.board_id, item.blocker.task_id) for item in items}
    behind = {task for item in items for task in item.behind}
    return len(behind - blocked)


def answered(scope: Scope, now: datetime) -> list[NamedBlocker]:
    """Return recently sent answers, newest first."""
    rows = models.Blocker.objects.now().filter(**scope.on()).exclude(answer_id="")
    fresh = rows.filter(resolved_at__gt=now - ANSWER_NEWS).exclude(resumed_at__lt=now - RESUMED_NEWS)
    newest = list(fresh.order_by("-resolved_at")[:MAX_ANSWERED])
    names = names_of(newest)
    return [named(row, names) for row in newest]


def named(row: models.Blocker, names: current_state.KnownNames, demo: bool = False) -> NamedBlocker:
    board_id = row.board_id
    who = names.agent(board_id, row.agent_id)
    return NamedBlocker(row, names.task(board_id, row.task_id), who, names.board(board_id), demo)


def resolved_blocker(row: models.Blocker, names: current_state.KnownNames) -> ResolvedBlocker:
    return ResolvedBlocker(
        blocker=row,
        task=names.task(row.board_id, row.task_id),
        agent=names.agent(row.board_id, row.agent_id),
        board=names.board(row.board_id),
        demo=False,
        took=(row.resolved_at or row.opened_at) - row.opened_at,
    )


def cost(standing: int, opened_at: datetime, severity: str, now: datetime) -> float:
    """Return tasks that stand still (blocked or waiting) × severity × time, on a logarithmic scale: ten times as long
    counts one more, so that an old trifle does not come before what is urgent now.
    """
    minutes = max(1.0, (now - opened_at).total_seconds() / 60)
    return standing * SEVERITY_WEIGHT.get(severity, SEVERITY_WEIGHT["medium"]) * (1 + log10(minutes))
