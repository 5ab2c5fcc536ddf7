"""Marcus's board beside what stands here: the tasks of each project with status, holder, parent and open blockers."""

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

RECENT = timedelta(seconds=10)  # what changed on the board since then may still be on its way: SETTLE_S and a look
STATUSES = {status: TASK_STATUSES[status].lower() for status in ("todo", "in_progress", "blocked", "done")}
SAME_STATUS = {"assigned": "in_progress"}
MARCUS_ITSELF = ("marcus", "system")  # holders of cards that are no agents


@dataclass(frozen=True)
class Difference:
    """`because` says why it is to be expected: it is on its way, or people decided so here."""

    text: str
    because: str = ""


@dataclass
class Comparison:
    """One project. `rows` are what is counted: a name, the number on Marcus's board, the number here."""

    project: MarcusProject
    rows: list[tuple[str, int, int]] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)

    @property
    def is_equal(self) -> bool:
        return all(difference.because for difference in self.differences)


@dataclass
class Here:
    """What stands here of a board; `behind` are the tasks of events that the tables do not have yet.

    `heard_at` is the time of the newest event that Marcus told of a task: it may write the card a second later.
    """

    board: models.Board | None
    tasks: dict[str, models.Task]
    blockers: dict[str, list[models.Blocker]]
    agents: dict[str, models.Agent]
    behind: set[str]
    heard_at: dict[str, datetime] = field(default_factory=dict)

    @classmethod
    def of(cls, board_id: str, behind: set[str], heard_at: dict[str, datetime] | None = None) -> Here:
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
            behind,
            heard_at or {},
        )

    def open_blockers(self, task_id: str) -> list[models.Blocker]:
        return [row for row in self.blockers.get(task_id, []) if row.resolved_at is None]


def compare(project: MarcusProject, cards: list[MarcusCard], here: Here, now: datetime | None = None) -> Comparison:
    comparison = Comparison(project, list(counted(cards, here)))
    if here.board is None:
        comparison.differences.append(Difference(f"Board {project.board_id} is not in this log, or was removed here"))
    elif here.board.name != project.name:
        comparison.differences.append(Difference(f"It is called “{here.board.name}” here"))
    on_board = {card.task_id: card for card in cards}
    for card in cards:
        for text in of_task(card, here):
            because = why_expected(card, here, now or utc_now())
            comparison.differences.append(Difference(f"{titled(card)}: {text}", because))
    for task_id, task in here.tasks.items():
        if task_id not in on_board:
            because = "its newest events are still being counted" if task_id in here.behind else ""
            comparison.differences.append(Difference(f"“{task.name}” ({task_id}): is not on Marcus's board", because))
    comparison.differences += of_agents(on_board, here, now or utc_now())
    return comparison


def counted(cards: list[MarcusCard], here: Here) -> Iterator[tuple[str, int, int]]:
    there, now = Counter(card.status for card in cards), Counter(map(status_of, here.tasks.values()))
    yield "tasks", len(cards), len(here.tasks)
    for status, name in STATUSES.items():
        yield name, there[status], now[status]
    yield "subtasks", sum(map(bool, parents(cards))), sum(bool(task.parent_task_id) for task in here.tasks.values())
    yield (
        "assigned",
        sum(bool(card.holder) for card in cards),
        sum(bool(t.agent_id) for t in here.tasks.values()),
    )
    blocked = [task_id for task_id in here.tasks if here.open_blockers(task_id)]
    yield "tasks with open blockers", there["blocked"], len(blocked)
    holders = {card.holder for card in cards if is_agent(card.holder)}
    with_tasks = {task.agent_id for task in here.tasks.values() if is_agent(task.agent_id)}
    yield "agents that have or had a task", len(holders), len(with_tasks & here.agents.keys())


def parents(cards: list[MarcusCard]) -> list[str]:
    return [card.parent_task_id for card in cards]


def of_task(card: MarcusCard, here: Here) -> Iterator[str]:
    """In what the task differs; nothing where it is the same."""
    task = here.tasks.get(card.task_id)
    if task is None:
        yield f"is {STATUSES.get(card.status, card.stated)} on Marcus's board, but is not in this log"
        return
    status = status_of(task)
    if not card.status:
        yield f"has an unknown status on Marcus's board: “{card.stated}”"
    elif status != card.status:
        yield f"is {STATUSES[card.status]} on Marcus's board, {STATUSES.get(status, status)} here"
    if task.agent_id not in (card.holder, REDACTED):
        yield f"is assigned to {card.holder or 'nobody'} on Marcus's board, to {task.agent_id or 'nobody'} here"
    if task.parent_task_id != card.parent_task_id:
        parent = task.parent_task_id or "no task"
        yield f"is part of {card.parent_task_id or 'no task'} on Marcus's board, of {parent} here"
    if card.name and task.name not in (card.name, REDACTED):
        yield f"is called “{task.name}” here"
    if status == card.status and (card.status == "blocked") != bool(here.open_blockers(card.task_id)):
        yield "has no open blocker here" if card.status == "blocked" else "has an open blocker here"


def of_agents(on_board: dict[str, MarcusCard], here: Here, now: datetime) -> Iterator[Difference]:
    for card in on_board.values():
        if is_agent(card.holder) and card.holder not in here.agents:
            yield Difference(
                f"Agent {card.holder} has “{card.name}” but is not in this log", why_expected(card, here, now)
            )
    for agent in here.agents.values():
        at_work = on_board.get(agent.task_id)
        if at_work and (at_work.holder != agent.agent_id or at_work.status == "done"):
            stands = "is done" if at_work.status == "done" else f"is assigned to {at_work.holder or 'nobody'}"
            text = f"Agent {agent.agent_id} has {titled(at_work)} here, which {stands} on Marcus's board"
            yield Difference(text, why_expected(at_work, here, now))


def why_expected(card: MarcusCard, here: Here, now: datetime) -> str:
    """Why a difference is no fault; "" where it is one."""
    if card.changed_at and now - card.changed_at < RECENT:
        return f"its card changed {max(now - card.changed_at, timedelta()).total_seconds():.0f} s ago"
    if card.task_id in here.behind:
        return "its newest events are still being counted"
    ended = [row for row in here.blockers.get(card.task_id, []) if row.resolved_by.startswith((USER, PROGRAM))]
    if card.status == "blocked" and ended and not here.open_blockers(card.task_id):
        return f"it was answered here by {ended[-1].resolved_by.partition(':')[2]}; Marcus has not moved it yet"
    if (heard_at := here.heard_at.get(card.task_id)) and now - heard_at < RECENT:
        return f"Marcus told of it {max(now - heard_at, timedelta()).total_seconds():.0f} s ago"
    return ""


def status_of(task: models.Task) -> str:
    return SAME_STATUS.get(task.status, task.status)


def titled(card: MarcusCard) -> str:
    return f"“{card.name}” ({card.task_id})"


def is_agent(holder: str) -> bool:
    return bool(holder) and holder.lower() not in MARCUS_ITSELF
