"""The list of agents: each with its health, last signs of life and its last 24 hours."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from dashboard.headline import count
from dashboard.pages.agents.agent_health import TITLES, HealthStatus, verdict
from dashboard.pages.agents.agent_timeline import MAX_DRAWN, NamedInterval, named_interval
from dashboard.pages.agents.queries import AgentIntervals, Agents, Around
from dashboard.timeline import timeline_layout
from dashboard.timeline.status_intervals import AgentInterval, Share, StatusKind, Window, clip, clip_end, shares
from marcus_events import models
from marcus_events.core.sentences import short
from marcus_events.log.agent_activity import Signs

DAY = timedelta(days=1)
# Shown of an agent's last 24 hours; the timeline has all. Fewer if there are many agents, since a row has 400 bytes.
MAX_CHANGES, MIN_CHANGES, CHANGES = 6, 2, 60
SAME_TIME = timedelta(minutes=1)  # times closer than this are shown once
NO_SIGNS = Signs(None, None)


@dataclass(frozen=True)
class TitledShare(Share):
    title: str


@dataclass(frozen=True)
class AgentCard:
    """An agent with everything shown about it. `changes` are the newest status intervals, newest first."""

    agent: models.Agent
    board: models.Board | None
    task: models.Task | None
    verdict: HealthStatus
    life: datetime | None
    progress: datetime | None
    clock_ahead: timedelta | None
    shares: list[TitledShare]
    strip: timeline_layout.Drawing
    changes: list[NamedInterval]
    earlier: int

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
    number = max(len(found.shown), 1)
    blocks, changes = MAX_DRAWN // number, min(MAX_CHANGES, max(MIN_CHANGES, CHANGES // number))
    return [
        agent_card(agent, intervals.get(key, []), around, now, drawn, blocks, changes)
        for key, agent in zip(found.keys, found.shown, strict=True)
    ]


def agent_card(
    agent: models.Agent,
    intervals: list[AgentInterval],
    around: Around,
    now: datetime,
    drawn: Window,
    blocks: int,
    changes: int,
) -> AgentCard:
    """Build a card with at most so many blocks in the strip and so many changes."""
    day = clip(intervals, drawn)
    exact = clip_end(day, now)
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
        shares=[TitledShare(share.kind, share.length, share.percent, TITLES[share.kind]) for share in shares(exact)],
        strip=timeline_layout.draw(timeline_layout.layout_lane(day, drawn, blocks)),
        changes=[named_interval(agent, interval, around) for interval in islice(reversed(exact), changes)],
        earlier=max(len(exact) - changes, 0),
    )


def summary_sentence(kinds: Counter[StatusKind], silent: int, *, is_all: bool) -> str:
    """Summarise all agents: "3 agents: 1 blocked, 2 working; 1 silent". Silent ones are counted among those shown."""
    words = [f"{kinds[kind]:,} {TITLES[kind].lower()}" for kind in ("blocked", "working", "waiting", "idle", "other")]
    told = ", ".join(word for word in words if not word.startswith("0 "))
    unheard = f"; {silent:,} silent{'' if is_all else ' on this page'}" if silent else ""
    return f"{count(kinds.total(), 'agent')}: {told}{unheard}."
