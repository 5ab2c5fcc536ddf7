"""Reads one board as columns of cards, filtered and grouped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Func, Q

from dashboard.queries import blockers, current_state, subtasks, waiting_chains
from dashboard.queries.numbered_pages import Paging
from dashboard.visibility import Scope
from marcus_events import models
from marcus_events.access import linked_tasks
from marcus_events.core.state import TASK_STATUSES

CARDS = 25  # on a page of a column
NEWEST_DONE = 8  # shown of the done tasks, until all are asked for
MAX_LABELS = 100  # offered by the filter
LABELS = "jsonb_array_elements_text"  # of SQL: a row for each
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
GROUPS = {"agent": ("Agent", "agent_id"), "label": ("Label", "labels__0")}  # of a task with several labels, the first


@dataclass(frozen=True)
class CardFilter:
    """What is shown of a board, as its URL says. "" means everything."""

    text: str = ""
    agent: str = ""
    label: str = ""
    status: str = ""  # a column
    group: str = ""

    @property
    def is_any(self) -> bool:
        return bool(self.text or self.agent or self.label or self.status in COLUMNS)

    def shows(self, column: str) -> bool:
        return self.status not in COLUMNS or self.status == column

    def of(self, rows: Any) -> Any:
        if self.text:
            rows = rows.filter(Q(name__icontains=self.text) | Q(task_id__icontains=self.text))
        if self.agent:
            rows = rows.filter(agent_id=self.agent)
        return rows.filter(labels__contains=[self.label]) if self.label else rows


@dataclass(frozen=True)
class TaskCard:
    task: models.Task
    agent: str
    waiting: int
    blocker: models.Blocker | None
    subtasks: subtasks.Subtasks | None = None
    parent: models.Task | None = None
    external_url: str = ""  # of the board
    chain: waiting_chains.WaitingChain | None = None
    group: str = ""


@dataclass(frozen=True)
class BoardColumn:
    """A page of the cards with a status; `count` counts all of them. `is_short`: the newest of many."""

    status: str
    title: str
    cards: list[TaskCard]
    paging: Paging
    count: int
    empty: str
    is_shown: bool
    is_short: bool


def columns(scope: Scope, chosen: str = "", page: str = "", wanted: CardFilter | None = None) -> dict[str, BoardColumn]:
    """Return a board's cards by status: longest in their status first, newest first when done. Subtasks stand under
    their parents, see `subtasks`. Of the chosen column, the cards are those of a page; of the others, of the first.
    """
    board, wanted = scope.board, wanted or CardFilter()
    pattern = getattr(current_state.board(scope), "external_url", "")
    pagings = {name: Paging.of(page if name == chosen else "", page_size(name, chosen, wanted)) for name in COLUMNS}
    found = {name: cards(scope, name, pagings[name], wanted) if wanted.shows(name) else [] for name in COLUMNS}
    rows = [row for rows in found.values() for row in rows]
    ids = [row.task_id for row in rows]
    waiting = linked_tasks.dependents_by_task({(board, task_id) for task_id in ids}, scope.visibility)
    chains = waiting_chains.waiting_chains(scope, [row.task_id for row in found["todo"]])
    numbers = numbers_of(scope, wanted)
    parts, wholes = subtasks.of_tasks(board, ids), subtasks.parents_of(board, rows)
    names = current_state.names([board], [(board, row.agent_id) for row in rows if row.agent_id])
    blocked = blockers.open_rows(scope).filter(task_id__in=ids)
    stuck = {row.task_id: row for row in blocked.order_by("-opened_at")}

    def card(row: models.Task) -> TaskCard:
        agent = names.agent(board, row.agent_id) if row.agent_id else ""
        return TaskCard(
            task=row,
            agent=agent,
            waiting=len(waiting.get((board, row.task_id), [])),
            blocker=stuck.get(row.task_id),
            subtasks=parts.get(row.task_id),
            parent=wholes.get(row.parent_task_id),
            external_url=pattern,
            chain=chains.get(row.task_id),
            group=group_of(row, agent, wanted.group),
        )

    def column(name: str, title: str, statuses: tuple[str, ...]) -> BoardColumn:
        number = sum(numbers.get(status, 0) for status in statuses)
        size, skip = pagings[name].size, pagings[name].skip
        paging = pagings[name].with_next(number > skip + size)
        is_short = size == NEWEST_DONE and number > NEWEST_DONE
        shown = [card(row) for row in found[name]]
        return BoardColumn(name, title, shown, paging, number, EMPTY[name], wanted.shows(name), is_short)

    return {name: column(name, title, statuses) for name, (title, statuses) in COLUMNS.items()}


def page_size(name: str, chosen: str, wanted: CardFilter) -> int:
    return NEWEST_DONE if name == "done" and name not in (chosen, wanted.status) else CARDS


def group_of(row: models.Task, agent: str, group: str) -> str:
    if group == "agent":
        return agent or "Unassigned"
    if group == "label":
        return str(row.labels[0]) if row.labels else "No label"
    return ""


def cards(scope: Scope, name: str, paging: Paging, wanted: CardFilter) -> list[models.Task]:
    order = ["-status_since", "-name", "task_id"] if name == "done" else ["status_since", "name", "task_id"]
    if wanted.group in GROUPS:
        order.insert(0, GROUPS[wanted.group][1])
    rows = wanted.of(models.Task.objects.now().filter(status__in=COLUMNS[name][1], **scope.on()))
    rows = rows.exclude(subtasks.under_parents()).defer("description")
    return list(rows.order_by(*order)[paging.skip : paging.skip + paging.size])


def numbers_of(scope: Scope, wanted: CardFilter) -> dict[str, int]:
    """Return the number of cards by status."""
    rows = wanted.of(models.Task.objects.now().filter(**scope.on())).exclude(subtasks.under_parents())
    return dict(rows.values_list("status").annotate(number=Count("*")).order_by())


def labels(scope: Scope) -> list[str]:
    """Return the labels of the board's tasks, by name."""
    rows = models.Task.objects.now().filter(**scope.on()).annotate(label=Func(F("labels"), function=LABELS))
    return [label for label in rows.values_list("label", flat=True).distinct().order_by("label")[:MAX_LABELS] if label]
