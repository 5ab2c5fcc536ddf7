"""Boards: each with how far it is and what it waits for, and one with its columns of cards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from dashboard import charts
from dashboard.forecast import Forecast, NoForecast, forecast
from dashboard.queries import blockers, pace, present
from dashboard.sight import Scope
from marcus_events import models
from marcus_events.core.event import utc_now

MAX_CARDS = 100  # per column; the rest is counted
COLUMNS = {
    "todo": ("To do", ("todo",)),
    "in_progress": ("In progress", ("in_progress", "assigned")),
    "blocked": ("Blocked", ("blocked",)),
    "done": ("Done", ("done",)),
}
EMPTY = {
    "todo": "Nothing is left to begin.",
    "in_progress": "No task is in progress.",
    "blocked": "Nothing is blocked.",
    "done": "Nothing is finished yet.",
}


@dataclass(frozen=True)
class Summary:
    """One board in a few numbers."""

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
    def segments(self) -> list[charts.Segment]:
        at_work = self.statuses["in_progress"] + self.statuses["assigned"]
        shares = [("done", self.done), ("in_progress", at_work), ("blocked", self.statuses["blocked"])]
        return charts.segments([*shares, ("todo", self.statuses["todo"])])


def summaries(scope: Scope) -> list[Summary]:
    """All boards, or the one that is named; none where there is no such board."""
    statuses, agents = present.tasks_by_status(scope), present.agents_at_work(scope)
    now = pace.next_minute(utc_now())
    finished = pace.finished(scope, now)
    stuck: dict[str, list[blockers.OpenBlocker]] = defaultdict(list)
    for item in blockers.open_blockers(scope):
        stuck[item.blocker.board_id].append(item)

    def summary(row: models.Board) -> Summary:
        of, items = statuses[row.board_id], stuck[row.board_id]
        left, behind = sum(of.values()) - of["done"], blockers.waiting_in_all(items)
        free = left - of["blocked"] - behind
        expected = forecast(left, free, finished[row.board_id], now - row.created_at, now)
        return Summary(row, of, len(items), behind, agents[row.board_id], expected)

    return [summary(row) for row in present.boards(scope)]


@dataclass(frozen=True)
class Card:
    task: models.Task
    agent: str
    waiting: int
    blocker: models.Blocker | None


@dataclass(frozen=True)
class Column:
    """`hidden` is how many cards are not shown."""

    status: str
    title: str
    cards: list[Card]
    hidden: int
    empty: str

    @property
    def count(self) -> int:
        return len(self.cards) + self.hidden


def columns(scope: Scope) -> dict[str, Column]:
    """Of one board, by status. What has been in its status longest comes first, and what was done last."""
    board = scope.board
    rows = list(models.Task.objects.now().filter(**scope.on()).defer("description").order_by("status_since", "name"))
    waiting, names = present.waiting([board]), present.names([board])
    stuck = {row.task_id: row for row in blockers.open_rows(scope).order_by("-opened_at")}

    def card(row: models.Task) -> Card:
        agent = names.agent(board, row.agent_id) if row.agent_id else ""
        return Card(row, agent, len(waiting.get((board, row.task_id), [])), stuck.get(row.task_id))

    return {status: column(status, title, of, rows, card) for status, (title, of) in COLUMNS.items()}


def column(
    status: str, title: str, statuses: tuple[str, ...], rows: list[models.Task], card: Callable[[models.Task], Card]
) -> Column:
    mine = [row for row in rows if row.status in statuses]
    shown = (mine[::-1] if status == "done" else mine)[:MAX_CARDS]
    return Column(status, title, [card(row) for row in shown], len(mine) - len(shown), EMPTY[status])
