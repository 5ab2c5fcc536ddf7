"""The timeline: a lane for each agent, its axis, and the same as a table. What is drawn is bounded, whatever there is.

A block leads to the events of its agent and its moment.
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
from dashboard.timeline.status_intervals import IntervalPart, StatusKind, Window, within
from marcus_events import models
from marcus_events.core.filters import as_text

# On the page, in all lanes: a frame has to be sent in one message. A link is about 400 bytes, what is drawn 20.
MAX_LINKS = 700
MAX_DRAWN = 6_000
MAX_ROWS = 100  # of the table
ROOM, ROOM_ON_A_TELEPHONE = 4.5, 14.0  # percent of a lane in which a few letters of a name can be read


@dataclass(frozen=True)
class NamedInterval:
    """A spell with what it is called and where it leads. Without a task's name `task` is its id."""

    interval: IntervalPart
    words: str
    task: str
    href: str

    @property
    def kind(self) -> StatusKind:
        return self.interval.kind

    @property
    def length(self) -> timedelta:
        """Of the whole spell, or of what there is of it by the end of the window."""
        return (self.interval.ended or self.interval.end) - self.interval.began


@dataclass(frozen=True)
class BlockLink(NamedInterval):
    """What a block of a lane leads to. `label` is its task, where there is room: `fits` on a telephone too."""

    block: timeline_layout.LaneBlock
    label: str
    fits: bool


@dataclass(frozen=True)
class Lane:
    """It is drawn as finely as can be seen; what can be pointed at may be coarser."""

    agent: models.Agent
    drawing: timeline_layout.Drawing
    links: list[BlockLink]


@dataclass(frozen=True)
class TimelineRow:
    agent: models.Agent
    named: NamedInterval


@dataclass(frozen=True)
class AgentTimeline:
    """`rows` are the newest spells of all lanes, `more` is how many there are besides."""

    span: time_axis.TimeSpan
    shown: Window
    marks: list[time_axis.Mark]
    lanes: list[Lane]
    rows: list[TimelineRow]
    more: int


def timeline(
    span: time_axis.TimeSpan, shown: Window, found: Agents, told: AgentIntervals, around: Around
) -> AgentTimeline:
    parts = {key: within(told.get(key, ()), shown) for key in found.keys}
    rows = [TimelineRow(agent, named(agent, interval, around)) for agent, interval in newest(found, parts)]
    drawn = [
        lane_of(agent, parts[key], shown, around, len(parts))
        for key, agent in zip(found.keys, found.shown, strict=True)
    ]
    count = sum(map(len, parts.values()))
    return AgentTimeline(span, shown, time_axis.marks(span, shown), drawn, rows, count - len(rows))


def newest(found: Agents, parts: dict[AgentKey, list[IntervalPart]]) -> Iterable[tuple[models.Agent, IntervalPart]]:
    """The newest MAX_ROWS spells of all, each with its agent."""
    every = [
        (agent, interval) for agent in found.shown for interval in parts[agent.board_id, agent.agent_id][-MAX_ROWS:]
    ]
    return sorted(every, key=lambda pair: pair[1].start, reverse=True)[:MAX_ROWS]


def lane_of(agent: models.Agent, parts: list[IntervalPart], shown: Window, around: Around, lanes_in_all: int) -> Lane:
    fine = timeline_layout.blocks(parts, shown)
    drawn = timeline_layout.lane(parts, shown, MAX_DRAWN // lanes_in_all, fine)
    linked = timeline_layout.lane(parts, shown, MAX_LINKS // lanes_in_all, fine)
    return Lane(agent, timeline_layout.drawing(drawn), [link(agent, block, around) for block in linked])


def link(agent: models.Agent, block: timeline_layout.LaneBlock, around: Around) -> BlockLink:
    base = named(agent, block.interval, around)
    has_room = block.share >= ROOM and base.kind in ("working", "blocked")
    words = f"Mostly: {base.words} ({block.others:,} shorter)" if block.others else base.words
    label, fits = base.task if has_room else "", block.share >= ROOM_ON_A_TELEPHONE
    return BlockLink(base.interval, words, base.task, base.href, block, label, fits)


def named(agent: models.Agent, interval: IntervalPart, around: Around) -> NamedInterval:
    task = around.task_name(agent.board_id, interval.task_id)
    return NamedInterval(
        interval, status_words(interval.status, task), task, events_of(agent, interval.began, interval.ended)
    )


def events_of(agent: models.Agent, began: datetime, ended: datetime | None) -> str:
    """The address of what an agent did in a spell, with what began and what ended it."""
    moment = f"since:{as_text(began)}"
    if ended:
        moment += f" until:{as_text(ended + timedelta(microseconds=1))}"
    values = {"agent": agent.agent_id, "board": agent.board_id, "noise": "1", "q": moment}
    return reverse("activity") + "?" + urlencode({name: value for name, value in values.items() if value})
