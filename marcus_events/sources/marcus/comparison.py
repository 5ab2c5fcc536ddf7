"""Compares Marcus's board with the projected tables: each task's status, assignee, parent and open blockers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from marcus_events import models
from marcus_events.core.event import utc_now
from marcus_events.core.redaction_marker import REDACTED
from marcus_events.core.reserved import PROGRAM, USER
from marcus_events.core.state import TASK_STATUSES
from marcus_events.sources.marcus.board import MarcusProject
from marcus_events.sources.marcus.cards import MarcusCard

SYNC_DELAY = timedelta(seconds=10)  # until a change of the board is in the tables: SETTLE_S and a scan
STATUSES = {status: TASK_STATUSES[status].lower() for status in ("todo", "in_progress", "blocked", "done")}
SAME_STATUS = {"assigned": "in_progress"}
MARCUS_ITSELF = ("marcus", "system")  # assignees that are no agents


@dataclass(frozen=True)
class Difference:
    """`explanation` says why a difference is expected: an event is in transit, or a person decided so here."""

    text: str
    explanation: str = ""


@dataclass
class Comparison:
    """The result for one project. `rows` hold a name, the count on Marcus's board and the count here."""

    project: MarcusProject
    rows: list[tuple[str, int, int]] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)

    @property
    def is_equal(self) -> bool:
        return all(difference.explanation for difference in self.differences)


@dataclass
class LocalBoard:
    """The projected tables of a board; `pending_tasks` have events that are not projected yet.

    `last_event_at` is the time of the newest event that Marcus published about a task: its card may follow a second
    later.
    """

    board: models.Board | None
    tasks: dict[str, models.Task]
    blockers: dict[str, list[models.Blocker]]
    agents: dict[str, models.Agent]
    pending_tasks: set[str]
    last_event_at: dict[str, datetime] = field(default_factory=dict)

    @classmethod
    def of(cls, board_id: str, pending_tasks: set[str], last_event_at: dict[str, datetime] | None = None) -> LocalBoard:
        blockers: dict[str, list[models.Blocker]] = defaultdict(list)
        for row in models.Blocker.objects.now().filter(board_id=board_id).order_by("blocker_id"):
            blockers[row.task_id].append(row)
        tasks = models.Task.objects.now().filter(board_id=board_id)
        agents = models.Agent.objects.now().filter(board_id=board_id)
        return cls(
            models.Board.objects.now().filter(board_id=board_id).first(),
            {row.task_id: row for row in tasks},
            blockers,
            {row.agent_id: row for row in agents},
            pending_tasks,
            last_event_at or {},
        )

    def open_blockers(self, task_id: str) -> list[models.Blocker]:
        return [row for row in self.blockers.get(task_id, []) if row.resolved_at is None]


def compare(
    project: MarcusProject, cards: list[MarcusCard], local: LocalBoard, now: datetime | None = None
) -> Comparison:
    comparison = Comparison(project, list(count_rows(cards, local)))
    if local.board is None:
        comparison.differences.append(Difference(f"Board {project.board_id} is not in this log, or was removed here"))
    elif local.board.name != project.name:
        comparison.differences.append(Difference(f"It is called “{local.board.name}” here"))
    on_board = {card.task_id: card for card in cards}
    for card in cards:
        for text in task_differences(card, local):
            explanation = explain(card, local, now or utc_now())
            comparison.differences.append(Difference(f"{card_title(card)}: {text}", explanation))
    for task_id, task in local.tasks.items():
        if task_id not in on_board:
            explanation = "its newest events are still being counted" if task_id in local.pending_tasks else ""
            comparison.differences.append(
                Difference(f"“{task.name}” ({task_id}): is not on Marcus's board", explanation)
            )
    comparison.differences += agent_differences(on_board, local, now or utc_now())
    return comparison


def count_rows(cards: list[MarcusCard], local: LocalBoard) -> Iterator[tuple[str, int, int]]:
    there, now = Counter(card.status for card in cards), Counter(map(status_of, local.tasks.values()))
    yield "tasks", len(cards), len(local.tasks)
    for status, name in STATUSES.items():
        yield name, there[status], now[status]
    yield "subtasks", sum(map(bool, parent_ids(cards))), sum(bool(task.parent_task_id) for task in local.tasks.values())
    yield (
        "assigned",
        sum(bool(card.assignee) for card in cards),
        sum(bool(t.agent_id) for t in local.tasks.values()),
    )
    blocked = [task_id for task_id in local.tasks if local.open_blockers(task_id)]
    yield "tasks with open blockers", there["blocked"], len(blocked)
    assignees = {card.assignee for card in cards if is_agent(card.assignee)}
    with_tasks = {task.agent_id for task in local.tasks.values() if is_agent(task.agent_id)}
    yield "agents that have or had a task", len(assignees), len(with_tasks & local.agents.keys())


def parent_ids(cards: list[MarcusCard]) -> list[str]:
    return [card.parent_task_id for card in cards]


def task_differences(card: MarcusCard, local: LocalBoard) -> Iterator[str]:
    """Yield how the projected task differs from the card."""
    task = local.tasks.get(card.task_id)
    if task is None:
        yield f"is {STATUSES.get(card.status, card.stated)} on Marcus's board, but is not in this log"
        return
    status = status_of(task)
    if not card.status:
        yield f"has an unknown status on Marcus's board: “{card.stated}”"
    elif status != card.status:
        yield f"is {STATUSES[card.status]} on Marcus's board, {STATUSES.get(status, status)} here"
    if task.agent_id not in (card.assignee, REDACTED):
        yield f"is assigned to {card.assignee or 'nobody'} on Marcus's board, to {task.agent_id or 'nobody'} here"
    if task.parent_task_id != card.parent_task_id:
        parent = task.parent_task_id or "no task"
        yield f"is part of {card.parent_task_id or 'no task'} on Marcus's board, of {parent} here"
    if card.name and task.name not in (card.name, REDACTED):
        yield f"is called “{task.name}” here"
    if status == card.status and (card.status == "blocked") != bool(local.open_blockers(card.task_id)):
        yield "has no open blocker here" if card.status == "blocked" else "has an open blocker here"


def agent_differences(on_board: dict[str, MarcusCard], local: LocalBoard, now: datetime) -> Iterator[Difference]:
    for card in on_board.values():
        if is_agent(card.assignee) and card.assignee not in local.agents:
            yield Difference(
                f"Agent {card.assignee} has “{card.name}” but is not in this log", explain(card, local, now)
            )
    for agent in local.agents.values():
        current_card = on_board.get(agent.task_id)
        if current_card and (current_card.assignee != agent.agent_id or current_card.status == "done"):
            stands = (
                "is done" if current_card.status == "done" else f"is assigned to {current_card.assignee or 'nobody'}"
            )
            text = f"Agent {agent.agent_id} has {card_title(current_card)} here, which {stands} on Marcus's board"
            yield Difference(text, explain(current_card, local, now))


def explain(card: MarcusCard, local: LocalBoard, now: datetime) -> str:
    """Return why a difference is expected; "" if it is a real one."""
    if card.changed_at and now - card.changed_at < SYNC_DELAY:
        return f"its card changed {max(now - card.changed_at, timedelta()).total_seconds():.0f} s ago"
    if card.task_id in local.pending_tasks:
        return "its newest events are still being counted"
    ended = [row for row in local.blockers.get(card.task_id, []) if row.resolved_by.startswith((USER, PROGRAM))]
    if card.status == "blocked" and ended and not local.open_blockers(card.task_id):
        return f"it was answered here by {ended[-1].resolved_by.partition(':')[2]}; Marcus has not moved it yet"
    if card.parent_task_id and card.status == "in_progress" and local.open_blockers(card.task_id):
        return "its agent is blocked; Marcus does not show that of subtasks"
    if (last_event_at := local.last_event_at.get(card.task_id)) and now - last_event_at < SYNC_DELAY:
        return f"Marcus told of it {max(now - last_event_at, timedelta()).total_seconds():.0f} s ago"
    return ""


def status_of(task: models.Task) -> str:
    return SAME_STATUS.get(task.status, task.status)


def card_title(card: MarcusCard) -> str:
    return f"“{card.name}” ({card.task_id})"


def is_agent(assignee: str) -> bool:
    return bool(assignee) and assignee.lower() not in MARCUS_ITSELF
