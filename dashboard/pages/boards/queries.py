"""Reads boards: the list with their progress, and one board with its columns of cards."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef

from dashboard.charts import bars
from dashboard.pages.boards import throughput
from dashboard.pages.boards.forecast import Forecast, NoForecast, forecast
from dashboard.queries import blockers, current_state, subtasks
from dashboard.queries.numbered_pages import Paging
from dashboard.visibility import Scope, Visibility
from marcus_events import models
from marcus_events.access import linked_tasks
from marcus_events.core.event import utc_now
from marcus_events.core.state import TASK_STATUSES

PAGE = 40  # boards
CARDS = 40  # on a page of a column
COLUMNS = {
    "todo": (TASK_STATUSES["todo"], ("todo",)),
    "in_progress": (TASK_STATUSES["in_progress"], ("in_progress", "assigned")),
    "blocked": (TASK_STATUSES["blocked"], ("blocked",)),
    "done": (TASK_STATUSES["done"], ("done",)),
}
EMPTY = {
    "todo": "Nothing to do.",
    "in_progress": "Nothing in progress.",
    "blocked": "Nothing blocked.",
    "done": "Nothing done yet.",
}


@dataclass(frozen=True)
class Summary:
    """One board's numbers."""

    board: models.Board
    statuses: dict[str, int]
    open_blockers: int
    waiting: int
    agents: list[models.Agent]
    forecast: Forecast | NoForecast | None

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


@dataclass(frozen=True)
class Summaries:
    """A page of boards; `number` counts all matches, up to COUNT_CAP."""

    items: list[Summary]
    paging: Paging
    number: int


def listed(scope: Scope, called: str = "", page: str = "") -> Summaries:
    """Return all boards by name, or those whose name or id contains the search text."""
    paging = Paging.of(page, PAGE)
    rows = current_state.boards(scope, PAGE + 1, skip=paging.skip, called=called)
    number = current_state.number_of_boards(scope, called)
    return Summaries(summaries(scope, rows[:PAGE]), paging.with_next(len(rows) > PAGE), number)


def summaries(scope: Scope, rows: list[models.Board] | None = None) -> list[Summary]:
    """Return the numbers of these boards; of the named one, or of the first."""
    if rows is None:
        rows = current_state.boards(scope, PAGE)
    of_them = Scope(Visibility(frozenset(row.board_id for row in rows)))
    statuses, agents = current_state.tasks_by_status(of_them), current_state.agents_at_work(of_them)
    now = throughput.next_minute(utc_now())
    finished = throughput.finished(of_them, now)
    stuck = stuck_on(of_them, scope.visibility)

    def summary(row: models.Board) -> Summary:
        of, (items, behind) = statuses[row.board_id], stuck[row.board_id]
        left = sum(of.values()) - of["done"]
        free = left - of["blocked"] - behind
        expected = forecast(left, free, finished[row.board_id], now - row.created_at, now)
        return Summary(row, of, items, behind, agents[row.board_id], expected)

    return [summary(row) for row in rows]


def out_of_reach(scope: Scope) -> Any:
    """Return unfinished boards that Marcus works without, or is not connected to."""
    rows = (
        models.Board.objects.now().filter(**scope.on()).exclude(fallback_since=None, connection__in=("", "connected"))
    )
    tasks = models.Task.objects.now().filter(board_id=OuterRef("board_id"))
    finished = Exists(tasks) & ~Exists(tasks.exclude(status="done"))
    return rows.exclude(finished).order_by("fallback_since", "connection_since", "board_id")


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


@dataclass(frozen=True)
class TaskCard:
    task: models.Task
    agent: str
    waiting: int
    blocker: models.Blocker | None
    subtasks: subtasks.Subtasks | None = None
    parent: models.Task | None = None
    external_url: str = ""  # of the board


@dataclass(frozen=True)
class BoardColumn:
    """A page of the cards with a status; `count` counts all of them."""

    status: str
    title: str
    cards: list[TaskCard]
    paging: Paging
    count: int
    empty: str


def columns(scope: Scope, chosen: str = "", page: str = "") -> dict[str, BoardColumn]:
    """Return a board's cards by status: longest in their status first, newest first when done. Subtasks stand under
    their parents, see `subtasks`. Of the chosen column, the cards are those of a page; of the others, of the first.
    """
    board = scope.board
    pattern = getattr(current_state.board(scope), "external_url", "")
    pagings = {name: Paging.of(page if name == chosen else "", CARDS) for name in COLUMNS}
    found = {name: cards(scope, name, statuses, pagings[name]) for name, (_, statuses) in COLUMNS.items()}
    rows = [row for rows in found.values() for row in rows]
    shown = {(board, row.task_id) for row in rows}
    waiting, numbers = linked_tasks.dependents_by_task(shown, scope.visibility), numbers_of(scope)
    parts, wholes = subtasks.of_tasks(board, [row.task_id for row in rows]), subtasks.parents_of(board, rows)
    names = current_state.names([board], [(board, row.agent_id) for row in rows if row.agent_id])
    blocked = blockers.open_rows(scope).filter(task_id__in=[row.task_id for row in rows])
    stuck = {row.task_id: row for row in blocked.order_by("-opened_at")}

    def card(row: models.Task) -> TaskCard:
        agent = names.agent(board, row.agent_id) if row.agent_id else ""
        behind, blocker = len(waiting.get((board, row.task_id), [])), stuck.get(row.task_id)
        whole = wholes.get(row.parent_task_id)
        return TaskCard(row, agent, behind, blocker, parts.get(row.task_id), whole, pattern)

    def column(name: str, title: str, statuses: tuple[str, ...]) -> BoardColumn:
        shown = [card(row) for row in found[name]]
        number = sum(numbers.get(status, 0) for status in statuses)
        paging = pagings[name].with_next(number > pagings[name].skip + CARDS)
        return BoardColumn(name, title, shown, paging, number, EMPTY[name])

    return {name: column(name, title, statuses) for name, (title, statuses) in COLUMNS.items()}


def cards(scope: Scope, name: str, statuses: tuple[str, ...], paging: Paging) -> list[models.Task]:
    order = ("-status_since", "-name", "task_id") if name == "done" else ("status_since", "name", "task_id")
    rows = models.Task.objects.now().filter(status__in=statuses, **scope.on()).exclude(subtasks.under_parents())
    return list(rows.defer("description").order_by(*order)[paging.skip : paging.skip + CARDS])


def numbers_of(scope: Scope) -> dict[str, int]:
    """Return the number of cards by status."""
    rows = models.Task.objects.now().filter(**scope.on()).exclude(subtasks.under_parents())
    return dict(rows.values_list("status").annotate(number=Count("*")).order_by())
