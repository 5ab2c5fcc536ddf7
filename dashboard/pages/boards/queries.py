"""Reads the numbers of boards: progress, blockers, agents, forecast."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef

from dashboard.charts import bars
from dashboard.pages.boards import throughput
from dashboard.pages.boards.forecast import Forecast, NoForecast, forecast
from dashboard.queries import blockers, current_state
from dashboard.queries.source_silence import SILENT_AFTER
from dashboard.visibility import Scope, Visibility
from marcus_events import models
from marcus_events.access import linked_tasks
from marcus_events.core.event import utc_now
from marcus_events.log.board_activity import BoardActivity, board_activity

PAGE = 40  # boards


@dataclass(frozen=True)
class Summary:
    """One board. `active_at` is its newest event, `silent_since` its agents' own newest if they are silent."""

    board: models.Board
    statuses: dict[str, int]
    open_blockers: int
    waiting: int
    agents: list[models.Agent]
    forecast: Forecast | NoForecast | None
    active_at: datetime | None
    silent_since: datetime | None

    @property
    def blocked_agents(self) -> int:
        return sum(agent.status == "blocked" for agent in self.agents)

    @property
    def tasks(self) -> int:
        return sum(self.statuses.values())

    @property
    def done(self) -> int:
        return self.statuses["done"]

    @property
    def percent(self) -> int:
        return round(self.done / self.tasks * 100) if self.tasks else 0

    @property
    def segments(self) -> list[bars.Segment]:
        at_work = self.statuses["in_progress"] + self.statuses["assigned"]
        shares = [("done", self.done), ("in_progress", at_work), ("blocked", self.statuses["blocked"])]
        return bars.segments([*shares, ("todo", self.statuses["todo"])])


def summaries(scope: Scope, rows: list[models.Board] | None = None) -> list[Summary]:
    """Return the numbers of these boards; of the named one, or of the first."""
    if rows is None:
        rows = current_state.boards(scope, PAGE)
    of_them = Scope(Visibility(frozenset(row.board_id for row in rows)))
    statuses, agents = current_state.tasks_by_status(of_them), current_state.agents_at_work(of_them)
    now = throughput.next_minute(utc_now())
    finished = throughput.finished(of_them, now)
    stuck = stuck_on(of_them, scope.visibility)
    activity = board_activity([row.board_id for row in rows], scope.visibility.hidden_types)

    def summary(row: models.Board) -> Summary:
        of, (items, behind) = statuses[row.board_id], stuck[row.board_id]
        left = sum(of.values()) - of["done"]
        free = left - of["blocked"] - behind
        expected = forecast(left, free, finished[row.board_id], now - row.created_at, now)
        last = activity.get(row.board_id, BoardActivity())
        sign = last.sign or row.created_at
        silent_since = sign if agents[row.board_id] and now - sign > SILENT_AFTER else None
        return Summary(row, of, items, behind, agents[row.board_id], expected, last.event, silent_since)

    return [summary(row) for row in rows]


def out_of_reach(scope: Scope) -> Any:
    """Return unfinished boards that Marcus works without, or is not connected to."""
    rows = (
        models.Board.objects.now().filter(**scope.on()).exclude(fallback_since=None, connection__in=("", "connected"))
    )
    return rows.exclude(is_finished()).order_by("fallback_since", "connection_since", "board_id")


def is_finished() -> Any:
    """The condition for boards that have tasks, and no open one."""
    tasks = models.Task.objects.now().filter(board_id=OuterRef("board_id"))
    return Exists(tasks) & ~Exists(tasks.exclude(status="done"))


def stuck_on(scope: Scope, visibility: Visibility) -> dict[str, tuple[int, int]]:
    """Return by board its open blockers and its tasks that wait behind a blocked one on any board."""
    rows = blockers.open_rows(scope).order_by()
    unsnoozed = blockers.unsnoozed_rows(scope, utc_now()).order_by()
    number = dict(unsnoozed.values_list("board_id").annotate(number=Count("*")))
    blocked = set(rows.values_list("board_id", "task_id").distinct()) | blocked_elsewhere(scope, visibility)
    behind: dict[str, set[str]] = defaultdict(set)
    for tasks in linked_tasks.dependents_by_task(blocked, visibility).values():
        for board_id, task_id in set(tasks) - blocked:
            behind[board_id].add(task_id)
    return defaultdict(
        lambda: (0, 0), {board: (number.get(board, 0), len(behind[board])) for board in {*number, *behind}}
    )


def blocked_elsewhere(scope: Scope, visibility: Visibility) -> set[current_state.TaskKey]:
    """Return blocked tasks of other boards that these boards' tasks wait for, directly or indirectly."""
    found = linked_tasks.dependencies_of(scope.boards or [], visibility, elsewhere=True)
    needed = {on for _, on in found.open if not linked_tasks.is_hidden(on)}
    ids = {"board_id__in": {board for board, _ in needed}, "task_id__in": {task for _, task in needed}}
    rows = models.Task.objects.now().filter(status="blocked", **ids) if needed else models.Task.objects.none()
    return needed.intersection(rows.values_list("board_id", "task_id"))
