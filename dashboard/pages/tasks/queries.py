"""Reads one task: status history, blockers, dependencies and events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min

from dashboard.pages.tasks import causality
from dashboard.pages.tasks.linked import Linked, Surroundings, TaskLinks, surroundings
from dashboard.pages.tasks.status_timeline import StatusTimeline, timeline
from dashboard.queries import current_state, subtasks, waiting_chains
from dashboard.queries.blockers import steps
from dashboard.queries.labels import named
from dashboard.visibility import Scope
from marcus_events import models
from marcus_events.core.event import RecordedEvent, utc_now
from marcus_events.core.event_types import EventTypes
from marcus_events.core.filters import EventFilter
from marcus_events.log import board_removals, event_counts, read
from marcus_events.search.masking import masked

MAX_EVENTS = 30  # listed; Activity has all
MAX_LOOKED_AT = 200  # read for decisions and causes
COUNT_CAP = 10_000
MAX_STOPS = 200  # blockers
MAX_REPORTERS = 200  # named reporters of a task's blockers
CHANGES = 500  # status changes; the oldest are left out


@dataclass(frozen=True)
class Stop:
    """A blocker with Marcus's suggestion and its duration so far."""

    blocker: models.Blocker
    agent: str
    steps: list[str]
    took: timedelta


@dataclass(frozen=True)
class TaskDetail:
    """`count` counts its events without noise, up to COUNT_CAP. `parent` is its parent task. `chain` is what it waits
    for in the end, with the open blocker of the blocked task.
    """

    task: models.Task
    agent: str
    board: str
    timeline: StatusTimeline
    stops: list[Stop]
    links: Surroundings
    chain: waiting_chains.WaitingChain | None
    root_blocker: models.Blocker | None
    events: list[RecordedEvent]
    decisions: list[RecordedEvent]
    count: int
    causes: list[causality.CausalStep]
    parent: Linked | None = None
    subtasks: subtasks.Subtasks | None = None
    external_url: str = ""  # the board's

    @property
    def parts(self) -> TaskLinks:
        """Its subtasks."""
        of = self.subtasks
        return TaskLinks([Linked(row.task_id, row.name, row) for row in of.tasks], of.hidden) if of else TaskLinks([])

    @property
    def oldest(self) -> int:
        """The position before which its events are not listed."""
        return self.events[-1].position if self.events else 0


def find(scope: Scope, task_id: str) -> models.Task | None:
    """Return the task on the chosen board, or without a board if none is chosen."""
    if not scope.visibility.allows(scope.board):
        return None
    found: models.Task | None = models.Task.objects.now().filter(board_id=scope.board, task_id=task_id).first()
    return found


def detail(scope: Scope, task_id: str, now: datetime | None = None) -> TaskDetail | None:
    """Return the details; None if the board has no such task now."""
    task, now = find(scope, task_id), now or utc_now()
    if task is None:
        return None
    board = task.board_id
    removed = board_removals.last_removals([board]).get(board, 0)
    names, wanted = names_of(task), scope.visibility.narrow(events_of(board, task_id))
    events = named(masked(read.events(wanted, limit=MAX_LOOKED_AT, hide_removed=True), scope.visibility.boards))
    chain = None if task.status == "done" else waiting_chains.waiting_chains(scope, [task_id]).get(task_id)
    return TaskDetail(
        task=task,
        agent=names.agent(board, task.agent_id) if task.agent_id else "",
        board=names.board(board),
        timeline=timeline(changes(board, task_id, removed), now),
        stops=stops(board, task_id, names, now),
        links=surroundings(scope, task),
        chain=chain,
        root_blocker=root_blocker(task, chain),
        events=events[:MAX_EVENTS],
        decisions=[event for event in events if event.event_type == EventTypes.DECISION_LOGGED],
        count=number(wanted) if len(events) == MAX_LOOKED_AT else len(events),
        causes=causality.causal_steps(events, board, scope.visibility),
        parent=parent_of(task),
        subtasks=subtasks.of_tasks(board, [task_id]).get(task_id),
        external_url=getattr(current_state.board(scope), "external_url", ""),
    )


def root_blocker(task: models.Task, chain: waiting_chains.WaitingChain | None) -> models.Blocker | None:
    """Return the newest open blocker of the task, if it is blocked, or of the blocked task that it waits for."""
    blocked = (
        task if task.status == "blocked" else chain.root.task if chain and chain.is_blocked and chain.root else None
    )
    if blocked is None:
        return None
    rows = models.Blocker.objects.now().filter(board_id=blocked.board_id, task_id=blocked.task_id, resolved_at=None)
    found: models.Blocker | None = rows.order_by("-opened_at").first()
    return found


def parent_of(task: models.Task) -> Linked | None:
    if not task.parent_task_id:
        return None
    found = subtasks.parents_of(task.board_id, [task]).get(task.parent_task_id)
    return Linked(task.parent_task_id, found.name if found else task.parent_task_id, found)


def names_of(task: models.Task) -> current_state.KnownNames:
    """Return the names of its board, assignee and reporters of blockers."""
    reports = models.Blocker.objects.now().filter(board_id=task.board_id, task_id=task.task_id)
    agents = {task.agent_id, *reports.values_list("agent_id", flat=True).distinct()[:MAX_REPORTERS]}
    return current_state.names([task.board_id], [(task.board_id, agent) for agent in agents])


def number(wanted: EventFilter) -> int:
    return event_counts.count_after(wanted, 0, COUNT_CAP, hide_removed=True)


def events_of(board: str, task_id: str) -> EventFilter:
    """Return the filter for the task's events without noise, such as waiting agents' repeated notices.

    Includes events without a board if only one board has such a task.
    """
    wanted = EventFilter().with_term("task", task_id).with_term("importance", "noise", exclude=True)
    boards = models.Task.objects.now().filter(task_id=task_id).values_list("board_id", flat=True).distinct()
    return wanted if list(boards) == [board] else wanted.with_term("board_id", board)


def changes(board: str, task_id: str, removed: int) -> list[tuple[str, datetime]]:
    """Return status changes in order. Changes from before the board's removal belong to another task."""
    rows = models.Task.objects.filter(board_id=board, task_id=task_id, from_position__gt=removed)
    grouped = rows.values("status", "status_since").annotate(first=Min("from_position")).order_by("-first")[:CHANGES]
    return [(row["status"], row["status_since"]) for row in grouped][::-1]


def stops(board: str, task_id: str, names: current_state.KnownNames, now: datetime) -> list[Stop]:
    """Return blockers, open ones first, then newest first."""
    rows = models.Blocker.objects.now().filter(board_id=board, task_id=task_id).order_by("-opened_at")
    found = [
        Stop(
            row,
            names.agent(board, row.agent_id),
            steps(row.suggestion),
            (row.resolved_at or now) - row.opened_at,
        )
        for row in rows[:MAX_STOPS]
    ]
    return sorted(found, key=lambda stop: stop.blocker.resolved_at is not None)
