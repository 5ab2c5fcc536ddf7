"""The agents as the page lists them: each with its verdict, its signs of life and its last 24 hours."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from dashboard.headline import count
from dashboard.pages.agents.agent_health import TITLES, HealthStatus, verdict
from dashboard.pages.agents.agent_timeline import MAX_DRAWN, NamedInterval, named
from dashboard.pages.agents.queries import AgentIntervals, Agents, Around
from dashboard.timeline import timeline_layout
from dashboard.timeline.status_intervals import AgentInterval, Share, StatusKind, Window, before, shares, within
from marcus_events import models
from marcus_events.core.sentences import short
from marcus_events.log.agent_activity import Signs

DAY = timedelta(days=1)
MAX_CHANGES = 6  # of an agent's last 24 hours, in the table behind its strip; its timeline has all
SAME = timedelta(minutes=1)  # that far apart, two times are told as one
NO_SIGNS = Signs(None, None)


@dataclass(frozen=True)
class Told(Share):
    title: str


@dataclass(frozen=True)
class AgentCard:
    """An agent with all that is told of it. `changes` are the newest spells, newest first."""

    agent: models.Agent
    board: models.Board | None
    task: models.Task | None
    verdict: HealthStatus
    life: datetime | None
    progress: datetime | None
    clock_ahead: timedelta | None
    shares: list[Told]
    strip: timeline_layout.Drawing
    changes: list[NamedInterval]
    earlier: int

    @property
    def begun(self) -> datetime | None:
        """Since when the task is where it is, where that is not told by how long the agent has been at it."""
        since = self.task.status_since if self.task else self.agent.status_since
        return since if abs(since - self.agent.status_since) > SAME else None

    @property
    def known_for(self) -> timedelta:
        """How much of the 24 hours is known."""
        return sum((share.length for share in self.shares), timedelta())


def agent_cards(
    found: Agents, intervals: AgentIntervals, around: Around, now: datetime, drawn: Window
) -> list[AgentCard]:
    """`drawn` is the window of the strips: 24 hours to the next full column."""
    most = MAX_DRAWN // max(len(found.shown), 1)
    return [
        member(agent, intervals.get(key, []), around, now, drawn, most)
        for key, agent in zip(found.keys, found.shown, strict=True)
    ]


def member(
    agent: models.Agent, intervals: list[AgentInterval], around: Around, now: datetime, drawn: Window, most: int
) -> AgentCard:
    day = within(intervals, drawn)
    exact = before(day, now)
    signs = around.signs.get((agent.board_id, agent.agent_id), NO_SIGNS)
    stuck = around.blockers.get((agent.board_id, agent.task_id))
    return AgentCard(
        agent=agent,
        board=around.boards.get(agent.board_id),
        task=around.tasks.get((agent.board_id, agent.task_id)),
        verdict=verdict(agent.status, agent.status_since, signs.life, short(stuck.description) if stuck else "", now),
        life=signs.life,
        progress=signs.progress,
        clock_ahead=signs.clock_ahead,
        shares=[Told(share.kind, share.length, share.percent, TITLES[share.kind]) for share in shares(exact)],
        strip=timeline_layout.drawing(timeline_layout.lane(day, drawn, most)),
        changes=[named(agent, interval, around) for interval in islice(reversed(exact), MAX_CHANGES)],
        earlier=max(len(exact) - MAX_CHANGES, 0),
    )


def in_short(kinds: Counter[StatusKind], silent: int) -> str:
    """All agents in one sentence: "3 agents: 1 blocked, 2 working; 1 silent."."""
    words = [f"{kinds[kind]:,} {TITLES[kind].lower()}" for kind in ("blocked", "working", "waiting", "idle", "other")]
    told = ", ".join(word for word in words if not word.startswith("0 "))
    unheard = f"; {silent:,} silent" if silent else ""
    return f"{count(kinds.total(), 'agent')}: {told}{unheard}."
