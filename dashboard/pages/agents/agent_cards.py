"""The list of agents: each with its health, last signs of life and its last 24 hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.pages.agents.agent_health import HealthStatus, health_kind, verdict
from dashboard.pages.agents.agent_timeline import MAX_DRAWN
from dashboard.pages.agents.queries import AgentIntervals, Agents, Around
from dashboard.timeline import timeline_layout
from dashboard.timeline.status_intervals import (
    UNKNOWN,
    AgentInterval,
    Share,
    Window,
    clip,
    clip_end,
    end_at_silence,
    kind_of,
    shares,
)
from marcus_events import models
from marcus_events.core.sentences import short
from marcus_events.log.agent_activity import Signs

DAY = timedelta(days=1)
SAME_TIME = timedelta(minutes=1)  # times closer than this are shown once
NO_SIGNS = Signs(None, None)


@dataclass(frozen=True)
class AgentCard:
    """An agent with everything shown about it. `shares` and `strip` are of the last 24 hours."""

    agent: models.Agent
    board: models.Board | None
    task: models.Task | None
    blocker: models.Blocker | None
    verdict: HealthStatus
    life: datetime | None
    progress: datetime | None
    clock_ahead: timedelta | None
    shares: list[Share]
    strip: timeline_layout.Drawing

    @property
    def begun(self) -> datetime | None:
        """When the task reached its status, unless the agent's own status began at the same time."""
        since = self.task.status_since if self.task else self.agent.status_since
        return since if abs(since - self.agent.status_since) > SAME_TIME else None

    @property
    def known_for(self) -> timedelta:
        """How much of the 24 hours is known."""
        return sum((share.length for share in self.shares), timedelta())


def agent_cards(
    found: Agents, intervals: AgentIntervals, around: Around, now: datetime, drawn: Window
) -> list[AgentCard]:
    """Build the cards; `drawn` is the window of the strips: 24 hours up to the next full column."""
    blocks = MAX_DRAWN // 2 // max(len(found.shown), 1)
    return [
        agent_card(agent, intervals.get(key, []), around, now, drawn, blocks)
        for key, agent in zip(found.keys, found.shown, strict=True)
    ]


def agent_card(
    agent: models.Agent,
    intervals: list[AgentInterval],
    around: Around,
    now: datetime,
    drawn: Window,
    blocks: int,
) -> AgentCard:
    """Build a card with at most so many blocks in the strip."""
    day = clip(intervals, drawn)
    signs = around.signs.get((agent.board_id, agent.agent_id), NO_SIGNS)
    stuck = around.blockers.get((agent.board_id, agent.task_id))
    return AgentCard(
        agent=agent,
        board=around.boards.get(agent.board_id),
        task=around.tasks.get((agent.board_id, agent.task_id)),
        blocker=stuck if kind_of(agent.status) == "blocked" else None,
        verdict=verdict(agent.status, agent.status_since, signs.life, short(stuck.description) if stuck else "", now),
        life=signs.life,
        progress=signs.progress,
        clock_ahead=signs.clock_ahead,
        shares=shares(clip_end(day, now)),
        strip=timeline_layout.draw(timeline_layout.layout_lane(day, drawn, blocks)),
    )


def ended_at_silence(found: Agents, told: AgentIntervals, around: Around, now: datetime) -> AgentIntervals:
    """Return the intervals with a gap from when an agent that is silent or offline was last heard of."""
    result = dict(told)
    for agent in found.shown:
        key = agent.board_id, agent.agent_id
        life = around.signs.get(key, NO_SIGNS).life
        is_unknown = health_kind(agent.status, agent.status_since, life, now) in UNKNOWN
        if is_unknown and result.get(key):
            result[key] = end_at_silence(result[key], life or agent.status_since)
    return result
