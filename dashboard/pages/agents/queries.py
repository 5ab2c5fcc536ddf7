"""Reads agents: current status, last signs of life and status intervals.

The number of queries is independent of the number of agents. Only agents that are shown are read in full.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, Q, When

from dashboard.queries import blockers
from dashboard.queries.numbered_pages import Paging
from dashboard.timeline.status_intervals import KIND_OF, AgentInterval, StatusKind, Window, kind_of
from dashboard.visibility import Scope
from marcus_events import models
from marcus_events.log.agent_activity import Signs, signs
from marcus_events.log.board_removals import last_removals

PAGE = 25  # agents
FIRST: list[StatusKind] = ["blocked", "working", "waiting"]  # shown first if not all fit
RANK = Case(
    *(When(status=status, then=FIRST.index(kind)) for status, kind in KIND_OF.items() if kind in FIRST),
    default=len(FIRST),
)
MAX_STUCK = 1_000  # blockers of their tasks

AgentKey = tuple[str, str]  # board and agent, or board and task
AgentIntervals = dict[AgentKey, list[AgentInterval]]


@dataclass(frozen=True)
class Agents:
    """The agents of a page, by name. `kinds` counts all."""

    shown: list[models.Agent]
    paging: Paging
    kinds: Counter[StatusKind]

    @property
    def keys(self) -> list[AgentKey]:
        return [(agent.board_id, agent.agent_id) for agent in self.shown]


@dataclass(frozen=True)
class Around:
    """Names and states related to agents, by board, by (board, agent) and by (board, task)."""

    boards: dict[str, models.Board]
    signs: dict[AgentKey, Signs]
    blockers: dict[AgentKey, models.Blocker]
    tasks: dict[AgentKey, models.Task]  # their current tasks
    task_names: dict[AgentKey, str]

    def task_name(self, board_id: str, task_id: str) -> str:
        """Return the name, or the id if the task has none."""
        return self.task_names.get((board_id, task_id), task_id)

    def board_name(self, board_id: str) -> str:
        board = self.boards.get(board_id)
        return board.name if board else board_id


def agents(scope: Scope, agent: str = "", page: str = "") -> Agents:
    """Return all agents, those of a board, or the chosen one (once per board that knows it): a page of them."""
    paging = Paging.of(page, PAGE)
    chosen = scope.on() | ({"agent_id": agent} if agent else {})
    rows = models.Agent.objects.now().filter(**chosen)
    numbers = dict(rows.order_by().values_list("status").annotate(number=Count("*")))
    ranked = rows.defer("skills").order_by(RANK, "-status_since", "board_id", "agent_id")
    shown = list(ranked[paging.skip : paging.skip + PAGE])
    kinds = Counter[StatusKind]()
    for status, number in numbers.items():
        kinds[kind_of(status)] += number
    return Agents(sorted(shown, key=by_name), paging.with_next(kinds.total() > paging.skip + PAGE), kinds)


def by_name(agent: models.Agent) -> tuple[Any, ...]:
    """Sort naturally: Claude 2 before Claude 10."""
    parts = re.split(r"(\d{1,9})", agent.name.casefold())
    return [(part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts], agent.board_id


def around(found: Agents, told: AgentIntervals, removed: dict[str, int], scope: Scope) -> Around:
    """Read what is related to agents; `told` are the intervals whose tasks are to be named."""
    board_ids = {agent.board_id for agent in found.shown}
    boards = {row.board_id: row for row in models.Board.objects.now().filter(board_id__in=board_ids)}
    wanted = {(board_id, interval.task_id) for (board_id, _), each in told.items() for interval in each}
    current = {(agent.board_id, agent.task_id) for agent in found.shown}
    on_theirs = blockers.open_rows(scope).filter(board_id__in=board_ids, task_id__in={task for _, task in current})
    stuck = {(row.board_id, row.task_id): row for row in on_theirs.order_by("-opened_at")[:MAX_STUCK]}
    return Around(boards, signs(found.keys, removed), stuck, tasks(current), task_names(wanted | current))


def removed_boards(found: Agents) -> dict[str, int]:
    """Return when these agents' boards were removed: nothing before that is shown."""
    return last_removals({board_id for board_id, _ in found.keys})


def intervals(found: Agents, windows: Sequence[Window], removed: dict[str, int]) -> AgentIntervals:
    """Return by (board, agent) the intervals within either of two windows, oldest first."""
    parts = [union(windows)] if overlap(*windows) else sorted(windows, key=lambda window: window.since)
    result = defaultdict[AgentKey, list[AgentInterval]](list)
    for part in parts:
        for key, interval in intervals_within(found, part, removed):
            if not result[key] or result[key][-1] != interval:
                result[key].append(interval)
    return result


def intervals_within(found: Agents, shown: Window, removed: dict[str, int]) -> Iterator[tuple[AgentKey, AgentInterval]]:
    """Return intervals, none from before the removal of the agent's board."""
    keys = set(found.keys)
    unended = Q(to_time=None) | Q(to_time__gt=shown.since)
    named = {"board_id__in": {board for board, _ in keys}, "agent_id__in": {agent for _, agent in keys}}
    rows = models.Agent.objects.filter(unended, from_time__lt=shown.until, **named)
    columns = ("board_id", "agent_id", "from_position", "from_time", "to_time", "status", "task_id")
    for board_id, agent_id, position, *interval in rows.order_by("from_position").values_list(*columns):
        if (board_id, agent_id) in keys and position > removed.get(board_id, 0):
            yield (board_id, agent_id), AgentInterval(*interval)


def tasks(keys: Iterable[AgentKey]) -> dict[AgentKey, models.Task]:
    """Return the known tasks by (board, task)."""
    rows = named(wanted := set(keys)).only("name", "status", "status_since", "progress")
    return {key: row for row in rows if (key := (row.board_id, row.task_id)) in wanted}


def task_names(keys: Iterable[AgentKey]) -> dict[AgentKey, str]:
    """Return only the names of tasks, for thousands of them."""
    rows = named(wanted := set(keys)).values_list("board_id", "task_id", "name")
    return {key: name for board_id, task_id, name in rows if (key := (board_id, task_id)) in wanted}


def named(keys: set[AgentKey]) -> Any:
    ids = {"board_id__in": {board for board, _ in keys}, "task_id__in": {task for _, task in keys} - {""}}
    return models.Task.objects.now().filter(**ids)


def union(windows: Sequence[Window]) -> Window:
    return Window(min(window.since for window in windows), max(window.until for window in windows))


def overlap(one: Window, other: Window) -> bool:
    return one.since < other.until and other.since < one.until
