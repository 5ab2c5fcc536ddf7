"""The timeline: a lane per agent, the axis, and the same as a table. The amount drawn is bounded.

A blocked block links to its blocker, any other one to its agent's events at that time.
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
MAX_LINKS = 100
MAX_DRAWN = 1_600
MAX_LABELS, MIN_LABELS = 80, 3  # in all lanes, and always allowed per lane
MAX_ROWS = 15  # of the table
ROOM, ROOM_ON_A_TELEPHONE = 4.5, 14.0  # percent of a lane that fits a few letters of a name


@dataclass(frozen=True)
class NamedInterval:
    """A status interval with its names and link. `task` is the id if the task has no name, and `blocker` the id of the
    blocker that the link opens.
    """

    interval: IntervalPart
    words: str
    task: str
    href: str
    blocker: int | None

    @property
    def kind(self) -> StatusKind:
        return self.interval.kind

    @property
    def length(self) -> timedelta:
        """The length of the interval, up to the end of the window."""
        return (self.interval.ended or self.interval.end) - self.interval.began


@dataclass(frozen=True)
class BlockLink(NamedInterval):
    """The link of a block."""

    block: timeline_layout.LaneBlock


@dataclass(frozen=True)
class BlockLabel:
    """The name of a task on a block with room for it; it `fits` on a phone too."""

    block: timeline_layout.LaneBlock
    text: str
    fits: bool


@dataclass(frozen=True)
class Lane:
    """`drawing` and `labels` have full resolution; the clickable blocks may be coarser. `board` tells agents of the
    same name apart; "" if the page has one board.
    """

    agent: models.Agent
    board: str
    drawing: timeline_layout.Drawing
    links: list[BlockLink]
    labels: list[BlockLabel]


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
    board = around.board_name(agent.board_id) if len(around.boards) > 1 else ""
    linked = timeline_layout.layout_lane(parts, shown, MAX_LINKS // lanes_in_all, fine)
    return Lane(
        agent,
        board,
        timeline_layout.draw(drawn),
        [block_link(agent, block, around) for block in linked],
        labels(agent, fine, around, MAX_LABELS // lanes_in_all),
    )


def labels(
    agent: models.Agent, blocks: list[timeline_layout.LaneBlock], around: Around, limit: int
) -> list[BlockLabel]:
    """Name the tasks of the widest blocks."""
    roomy = [block for block in blocks if block.share >= ROOM and block.interval.kind in ("working", "blocked")]
    return [
        BlockLabel(block, name, block.share >= ROOM_ON_A_TELEPHONE)
        for block in sorted(roomy, key=lambda block: -block.width)[: max(limit, MIN_LABELS)]
        if (name := around.task_name(agent.board_id, block.interval.task_id))
    ]


def block_link(agent: models.Agent, block: timeline_layout.LaneBlock, around: Around) -> BlockLink:
    base = named_interval(agent, block.interval, around)
    words = f"Mostly: {base.words} ({block.others:,} shorter)" if block.others else base.words
    return BlockLink(base.interval, words, base.task, base.href, base.blocker, block)


def named_interval(agent: models.Agent, interval: IntervalPart, around: Around) -> NamedInterval:
    task = around.task_name(agent.board_id, interval.task_id)
    blocker = around.blocker_at(agent.board_id, interval)
    href = reverse("blocker", args=[blocker]) if blocker else events_url(agent, interval.began, interval.ended)
    return NamedInterval(interval, status_words(interval.status, task), task, href, blocker)


def events_url(agent: models.Agent, began: datetime, ended: datetime | None) -> str:
    """Return the URL of the agent's events in an interval, including those that began and ended it."""
    moment = f"since:{format_moment(began)}"
    if ended:
        moment += f" until:{format_moment(ended + timedelta(microseconds=1))}"
    values = {"agent": agent.agent_id, "board": agent.board_id, "noise": "1", "q": moment}
    return reverse("activity") + "?" + urlencode({name: value for name, value in values.items() if value})
