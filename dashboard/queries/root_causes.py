"""Groups blockers by root cause: the same description on the same board is one decision, however many agents report
it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db.models import F, Func, TextField

from dashboard.queries.blockers import OpenBlocker, cost
from dashboard.queries.current_state import Waiting
from marcus_events import models
from marcus_events.core.event_fields import SEVERITIES

# The same as `cause_of`.
CAUSE = Func(
    F("board_id"),
    F("description"),
    template="left(encode(sha256(convert_to(%(expressions)s, 'UTF8')), 'hex'), 16)",
    arg_joiner=" || chr(1) || ",
    output_field=TextField(),
)


def cause_of(row: models.Blocker) -> str:
    """Return the key of a root cause: a stable hash, without text from producers."""
    return sha256(f"{row.board_id}\x01{row.description}".encode()).hexdigest()[:16]


def of_cause(rows: Any, cause: str) -> Any:
    """Filter blockers by cause."""
    return rows.alias(cause=CAUSE).filter(cause=cause)


@dataclass(frozen=True)
class RootCause:
    """`items` are its open blockers, oldest first; `waiting` are the tasks that wait behind them."""

    key: str
    items: list[OpenBlocker]
    waiting: list[Waiting]
    cost: float
    stopped: int = 0  # tasks that stand still: the blocked ones and those behind them

    @property
    def first(self) -> OpenBlocker:
        return self.items[0]

    @property
    def blocker(self) -> models.Blocker:
        """The blocker to answer: the first unanswered one."""
        return next((item.blocker for item in self.items if not item.blocker.answer_id), self.first.blocker)

    @property
    def others(self) -> str:
        """The ids of all other blockers, as an action expects them."""
        return " ".join(str(item.blocker.blocker_id) for item in self.items if item.blocker != self.blocker)

    @property
    def severity(self) -> str:
        return SEVERITIES[max(SEVERITIES.index(item.blocker.severity) for item in self.items)]

    @property
    def is_deserted(self) -> bool:
        return self.first.is_deserted

    @property
    def assignees(self) -> list[str]:
        return sorted({item.blocker.assignee for item in self.items if item.blocker.assignee})

    @property
    def answered(self) -> list[models.Blocker]:
        return [item.blocker for item in self.items if item.blocker.answer_id]

    @property
    def agents(self) -> dict[str, str]:
        """The agents who reported it: id → name."""
        return {item.blocker.agent_id: item.agent for item in self.items}

    @property
    def awaited(self) -> bool:
        return any(item.awaited for item in self.items)

    @property
    def steps(self) -> list[str]:
        return next((item.steps for item in self.items if item.steps), [])


def by_cause(rows: Iterable[models.Blocker]) -> dict[str, list[models.Blocker]]:
    """Group rows by cause, in their order."""
    alike: dict[str, list[models.Blocker]] = {}
    for row in rows:
        alike.setdefault(cause_of(row), []).append(row)
    return alike


def causes(items: Iterable[OpenBlocker], now: datetime) -> list[RootCause]:
    """Return root causes, costliest first, those on boards that nobody works on last."""
    alike: dict[str, list[OpenBlocker]] = {}
    for item in sorted(items, key=lambda item: (item.blocker.opened_at, item.blocker.blocker_id)):
        alike.setdefault(cause_of(item.blocker), []).append(item)
    found = [cause(key, together, now) for key, together in alike.items()]
    return sorted(found, key=lambda cause: (cause.is_deserted, -cause.cost))


def cause(key: str, items: list[OpenBlocker], now: datetime) -> RootCause:
    """Build a root cause. Its cost counts from the first report, with the highest severity."""
    blocked = {(item.blocker.board_id, item.blocker.task_id) for item in items}
    waits = {key: task for item in items for key, task in zip(item.behind, item.waiting, strict=True)}
    behind = {task: waits[task] for task in sorted(waits) if task not in blocked}
    found = RootCause(key, items, list(behind.values()), 0)
    stopped = len(blocked) + len(behind)
    total = cost(stopped, found.first.blocker.opened_at, found.severity, now)
    return RootCause(key, items, found.waiting, total, stopped)
