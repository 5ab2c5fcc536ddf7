"""Reads agents: current status, last signs of life and status intervals.

The number of queries is independent of the number of agents. Only agents that are shown are read in full.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from dashboard.pages.agents.agent_health import SILENCE_LIMIT, health_kind
from dashboard.queries import blockers
from dashboard.queries.numbered_pages import Paging
from dashboard.timeline.status_intervals import AgentInterval, IntervalPart, StatusKind, Window
from dashboard.visibility import Scope
from marcus_events import models
from marcus_events.log.agent_activity import ListedAgent, Signs, roster, signs
from marcus_events.log.board_removals import last_removals

PAGE = 20  # agents
MAX_LISTED = 500  # whose health is looked at
FIRST: list[StatusKind] = ["blocked", "working", "waiting"]  # those that are listed if not all can be
MAX_STUCK = 1_000  # blockers of their tasks
MAX_OPENED = 1_000  # blockers that the blocked blocks of a timeline lead to

# In the order of attention. The last one is folded.
HEALTH_KINDS: tuple[StatusKind, ...] = ("blocked", "silent", "working", "waiting", "idle", "other", "offline")
FOLDED: StatusKind = "offline"
SORTS = {"": "Board", "name": "Name", "longest": "Longest in status"}

AgentKey = tuple[str, str]  # board and agent, or board and task
AgentIntervals = dict[AgentKey, list[AgentInterval]]


@dataclass(frozen=True)
class Agents:
    """The agents of a page, in order. `kinds` counts all that are listed, and `total` all that there are. `matching`
    is the number of those that the chosen health leaves.
    """

    shown: list[models.Agent]
    paging: Paging
    kinds: Counter[StatusKind]
    total: int
    matching: int

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
    reported: dict[AgentKey, list[tuple[datetime, int]]]  # when blockers of a task were opened, and their ids, in order

    def task_name(self, board_id: str, task_id: str) -> str:
        """Return the name, or the id if the task has none."""
        return self.task_names.get((board_id, task_id), task_id)

    def blocker_at(self, board_id: str, interval: IntervalPart) -> int | None:
        """Return the id of the blocker of a blocked interval: the newest one that was opened before its end."""
        if interval.kind != "blocked":
            return None
        opened = self.reported.get((board_id, interval.task_id), [])
        before = [blocker_id for at, blocker_id in opened if interval.ended is None or at < interval.ended]
        return before[-1] if before else None

    def board_name(self, board_id: str) -> str:
        board = self.boards.get(board_id)
        return board.name if board else board_id


def agents(scope: Scope, now: datetime, *, agent: str = "", state: str = "", sort: str = "", page: str = "") -> Agents:
    """Return a page of all agents, of those of a board, or of the named one on each board that knows it.

    Those that are offline are listed only if they are asked for.
    """
    paging = Paging.of(page, PAGE)
    listed, total = roster(scope.boards, agent, first=FIRST, quiet_since=now - SILENCE_LIMIT, limit=MAX_LISTED)
    kind_by_key = {key_of(row): health_kind(row.status, row.status_since, row.life, now) for row in listed}
    wanted = [row for row in listed if is_wanted(kind_by_key[key_of(row)], state, is_named=bool(agent))]
    worst = worst_by_board(wanted, kind_by_key)
    wanted.sort(key=lambda row: order(row, kind_by_key, worst, sort))
    keys = [key_of(row) for row in wanted[paging.skip : paging.skip + PAGE]]
    row_by_key = rows_of(keys)
    shown = [row_by_key[key] for key in keys if key in row_by_key]
    kinds = Counter(kind_by_key.values())
    return Agents(shown, paging.with_next(len(wanted) > paging.skip + PAGE), kinds, total, len(wanted))


def key_of(row: ListedAgent) -> AgentKey:
    return row.board_id, row.agent_id


def is_wanted(kind: StatusKind, state: str, *, is_named: bool) -> bool:
    return kind == state if state in HEALTH_KINDS else is_named or kind != FOLDED


def worst_by_board(listed: Iterable[ListedAgent], kind_by_key: dict[AgentKey, StatusKind]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in listed:
        rank = HEALTH_KINDS.index(kind_by_key[key_of(row)])
        found[row.board_id] = min(rank, found.get(row.board_id, rank))
    return found


def order(
    row: ListedAgent, kind_by_key: dict[AgentKey, StatusKind], worst: dict[str, int], sort: str
) -> tuple[Any, ...]:
    """By default, boards with agents that need somebody come first, and on each board these agents."""
    if sort == "name":
        return by_name(row)
    if sort == "longest":
        return row.status_since, *by_name(row)
    rank = HEALTH_KINDS.index(kind_by_key[key_of(row)])
    return worst[row.board_id], row.board_name.casefold(), row.board_id, rank, *by_name(row)


def rows_of(keys: Sequence[AgentKey]) -> dict[AgentKey, models.Agent]:
    """Return the present rows of agents."""
    ids = {"board_id__in": {board for board, _ in keys}, "agent_id__in": {agent for _, agent in keys}}
    return {(row.board_id, row.agent_id): row for row in models.Agent.objects.now().filter(**ids).defer("skills")}


def by_name(agent: models.Agent | ListedAgent) -> tuple[Any, ...]:
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
    blocked = {
        (board_id, interval.task_id)
        for (board_id, _), each in told.items()
        for interval in each
        if interval.status == "blocked"
    }
    return Around(
        boards, signs(found.keys, removed), stuck, tasks(current), task_names(wanted | current), reported(blocked)
    )


def reported(keys: set[AgentKey]) -> dict[AgentKey, list[tuple[datetime, int]]]:
    """Return by (board, task) when blockers were opened, and their ids, oldest first. The newest are read."""
    ids = {"board_id__in": {board for board, _ in keys}, "task_id__in": {task for _, task in keys} - {""}}
    rows = models.Blocker.objects.now().filter(**ids).order_by("-opened_at", "-blocker_id")
    found = defaultdict[AgentKey, list[tuple[datetime, int]]](list)
    for *key, opened_at, blocker_id in rows.values_list("board_id", "task_id", "opened_at", "blocker_id")[:MAX_OPENED]:
        found[key[0], key[1]].insert(0, (opened_at, blocker_id))
    return found


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
