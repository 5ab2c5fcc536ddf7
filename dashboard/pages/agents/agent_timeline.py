"""The timeline: a lane per agent, the axis, and the same as a table. The amount drawn is bounded.

Each block links to its agent's events at that time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.urls import reverse

from dashboard.pages.agents.agent_health import status_words
from dashboard.pages.agents.queries import AgentIntervals, AgentKey, Agents, Around
from dashboard.timeline import time_axis, timeline_layout
from dashboard.timeline.status_intervals import IntervalPart, StatusKind, Window, clip
from marcus_events import models
from marcus_events.core.filters import format_moment

# In all lanes of the page, which should have no more than 150 KB: a link has about 400 bytes, a drawn block 20, a row
# 500.
MAX_LINKS = 200
MAX_DRAWN = 3_000
MAX_ROWS = 40  # of the table
ROOM, ROOM_ON_A_TELEPHONE = 4.5, 14.0  # percent of a lane that fits a few letters of a name


@dataclass(frozen=True)
class NamedInterval:
    """A status interval with its names and link. `task` is the id if the task has no name."""

    interval: IntervalPart
    words: str
    task: str
    href: str

    @property
    def kind(self) -> StatusKind:
        return self.interval.kind

    @property
    def length(self) -> timedelta:
        """The length of the interval, up to the end of the window."""
        return (self.interval.ended or self.interval.end) - self.interval.began


@dataclass(frozen=True)
class BlockLink(NamedInterval):
    """The link of a block. `label` is its task's name if there is room; `fits` on a phone too."""

    block: timeline_layout.LaneBlock
    label: str
    fits: bool


@dataclass(frozen=True)
class Lane:
    """`drawing` has full resolution; the clickable blocks may be coarser."""

    agent: models.Agent
    drawing: timeline_layout.Drawing
    links: list[BlockLink]


@dataclass(frozen=True)
class TimelineRow:
    agent: models.Agent
    named: NamedInterval


@dataclass(frozen=True)
class AgentTimeline:
    """`rows` are the newest intervals of all lanes, `more` counts the others."""

    span: time_axis.TimeSpan
    shown: Window
    marks: list[time_axis.Mark]
    lanes: list[Lane]
    rows: list[TimelineRow]
    more: int


def timeline(
    span: time_axis.TimeSpan, shown: Window, found: Agents, told: AgentIntervals, around: Around
) -> AgentTimeline:
    parts = {key: clip(told.get(key, ()), shown) for key in found.keys}
    rows = [
        TimelineRow(agent, named_interval(agent, interval, around)) for agent, interval in newest_rows(found, parts)
    ]
    drawn = [
        build_lane(agent, parts[key], shown, around, len(parts))
        for key, agent in zip(found.keys, found.shown, strict=True)
    ]
    count = sum(map(len, parts.values()))
    return AgentTimeline(span, shown, time_axis.marks(span, shown), drawn, rows, count - len(rows))


def newest_rows(
    found: Agents, parts: dict[AgentKey, list[IntervalPart]]
) -> Iterable[tuple[models.Agent, IntervalPart]]:
    """Return the newest MAX_ROWS intervals of all agents, each with its agent."""
    every = [
        (agent, interval) for agent in found.shown for interval in parts[agent.board_id, agent.agent_id][-MAX_ROWS:]
    ]
    return sorted(every, key=lambda pair: pair[1].start, reverse=True)[:MAX_ROWS]


def build_lane(
    agent: models.Agent, parts: list[IntervalPart], shown: Window, around: Around, lanes_in_all: int
) -> Lane:
    fine = timeline_layout.layout_blocks(parts, shown)
    drawn = timeline_layout.layout_lane(parts, shown, MAX_DRAWN // lanes_in_all, fine)
    linked = timeline_layout.layout_lane(parts, shown, MAX_LINKS // lanes_in_all, fine)
    return Lane(agent, timeline_layout.draw(drawn), [block_link(agent, block, around) for block in linked])


def block_link(agent: models.Agent, block: timeline_layout.LaneBlock, around: Around) -> BlockLink:
    base = named_interval(agent, block.interval, around)
    has_room = block.share >= ROOM and base.kind in ("working", "blocked")
    words = f"Mostly: {base.words} ({block.others:,} shorter)" if block.others else base.words
    label, fits = base.task if has_room else "", block.share >= ROOM_ON_A_TELEPHONE
    return BlockLink(base.interval, words, base.task, base.href, block, label, fits)


def named_interval(agent: models.Agent, interval: IntervalPart, around: Around) -> NamedInterval:
    task = around.task_name(agent.board_id, interval.task_id)
    return NamedInterval(
        interval, status_words(interval.status, task), task, events_url(agent, interval.began, interval.ended)
    )


def events_url(agent: models.Agent, began: datetime, ended: datetime | None) -> str:
    """Return the URL of the agent's events in an interval, including those that began and ended it."""
    moment = f"since:{format_moment(began)}"
    if ended:
        moment += f" until:{format_moment(ended + timedelta(microseconds=1))}"
    values = {"agent": agent.agent_id, "board": agent.board_id, "noise": "1", "q": moment}
    return reverse("activity") + "?" + urlencode({name: value for name, value in values.items() if value})
