"""Reads one agent: what it has finished and how fast, the blockers that it reported, its decisions and events."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from django.db.models import Min

from dashboard.pages.agents.queries import Agents
from dashboard.queries.labels import named
from dashboard.queries.numbered_pages import Paging
from dashboard.visibility import Scope
from marcus_events import models
from marcus_events.core.event import RecordedEvent
from marcus_events.core.event_types import EventTypes
from marcus_events.core.filters import EventFilter
from marcus_events.log import read
from marcus_events.search.masking import masked

DAY, WEEK = timedelta(days=1), timedelta(days=7)
MAX_MEASURED = 100  # finished tasks, for the median
MAX_BLOCKERS = 10
MAX_DECISIONS = 10
MAX_EVENTS = 20


@dataclass(frozen=True)
class AgentThroughput:
    """Tasks that it finished and that are done now. `per_day` counts the days of the week since it is known. `median`
    is of the newest `measured` ones of the week, from start to done.
    """

    last_day: int
    last_week: int
    per_day: float
    measured: int
    median: timedelta | None


@dataclass(frozen=True)
class OwnBlocker:
    """`took` is how long it was open, or has been."""

    blocker: models.Blocker
    task: str
    took: timedelta


@dataclass(frozen=True)
class AgentBlockers:
    """`number` counts those of the last week, and `median` is how long the resolved ones of them took."""

    newest: list[OwnBlocker]
    number: int
    median: timedelta | None
    more: bool


def boards_of(scope: Scope, agent_id: str) -> list[str]:
    """Return the ids of the boards that know the agent, "" where its events named none."""
    rows = models.Agent.objects.now().filter(agent_id=agent_id, **scope.on())
    return list(rows.order_by("board_id").values_list("board_id", flat=True))


def find(scope: Scope, agent_id: str) -> Agents:
    """Return the agent on the chosen board, or without a board if none is chosen; nobody if it is not there."""
    rows = models.Agent.objects.now().filter(board_id=scope.board, agent_id=agent_id)
    shown = list(rows.defer("skills")) if scope.visibility.allows(scope.board) else []
    return Agents(shown, Paging.of("", 1), Counter(), len(shown), len(shown))


def throughput(agent: models.Agent, now: datetime) -> AgentThroughput:
    own = models.Task.objects.now().filter(board_id=agent.board_id, agent_id=agent.agent_id, status="done")
    done = dict(own.filter(status_since__gt=now - WEEK).values_list("task_id", "status_since"))
    newest = sorted(done, key=lambda task_id: done[task_id])[-MAX_MEASURED:]
    worked_on = models.Task.objects.filter(board_id=agent.board_id, task_id__in=newest, status="in_progress")
    started = worked_on.values_list("task_id").annotate(at=Min("status_since"))
    lengths = [done[task_id] - at for task_id, at in started if at < done[task_id]]
    last_day = sum(at > now - DAY for at in done.values())
    history = models.Agent.objects.filter(board_id=agent.board_id, agent_id=agent.agent_id)
    known_since = history.aggregate(at=Min("from_time"))["at"] or now
    days = min(max(now - known_since, DAY), WEEK) / DAY
    return AgentThroughput(last_day, len(done), round(len(done) / days, 1), len(lengths), median_of(lengths))


def blockers(agent: models.Agent, now: datetime) -> AgentBlockers:
    own = models.Blocker.objects.now().filter(board_id=agent.board_id, agent_id=agent.agent_id)
    found = list(own.order_by("-opened_at", "-blocker_id")[: MAX_BLOCKERS + 1])
    lately = list(own.filter(opened_at__gt=now - WEEK).values_list("opened_at", "resolved_at"))
    keys = {row.task_id for row in found}
    tasks = models.Task.objects.now().filter(board_id=agent.board_id, task_id__in=keys)
    names = dict(tasks.values_list("task_id", "name"))
    newest = [
        OwnBlocker(row, names.get(row.task_id) or row.task_id, (row.resolved_at or now) - row.opened_at)
        for row in found[:MAX_BLOCKERS]
    ]
    took = [resolved_at - opened_at for opened_at, resolved_at in lately if resolved_at]
    return AgentBlockers(newest, len(lately), median_of(took), len(found) > MAX_BLOCKERS)


def median_of(lengths: list[timedelta]) -> timedelta | None:
    return timedelta(seconds=median(length.total_seconds() for length in lengths)) if lengths else None


def decisions(scope: Scope, agent_id: str) -> list[RecordedEvent]:
    return events_of(scope, agent_id, MAX_DECISIONS, EventFilter().with_term("type", EventTypes.DECISION_LOGGED))


def events(scope: Scope, agent_id: str) -> list[RecordedEvent]:
    """Return the newest events without noise, such as the repeated notices of an agent that waits."""
    return events_of(scope, agent_id, MAX_EVENTS, EventFilter().with_term("importance", "noise", exclude=True))


def events_of(scope: Scope, agent_id: str, limit: int, wanted: EventFilter) -> list[RecordedEvent]:
    own = wanted.with_term("agent", agent_id).with_term("board_id", scope.board)
    found = read.events(scope.visibility.narrow(own), limit=limit, hide_removed=True)
    return named(masked(found, scope.visibility.boards))
