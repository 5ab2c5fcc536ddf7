"""Intervals of an agent's status. Pure functions.

The intervals of an agent are in order and do not overlap, since they come from the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, get_args

StatusKind = Literal["working", "blocked", "waiting", "idle", "other", "offline", "silent"]
KINDS: tuple[StatusKind, ...] = get_args(StatusKind)
SILENT = ""  # the status of an interval without a signal: no agent reports an empty one
UNKNOWN: tuple[StatusKind, ...] = ("offline", "silent")  # nothing is known about what the agent did
KIND_OF: dict[str, StatusKind] = {kind: kind for kind in KINDS if kind != "silent"} | {SILENT: "silent"}


class AgentInterval(NamedTuple):
    """`end` is None for the current one; `status` may be any text that an agent reported."""

    start: datetime
    end: datetime | None
    status: str
    task_id: str = ""


class IntervalPart(NamedTuple):
    """The part of an interval within a window. The whole interval `began` and `ended` (None: still open)."""

    start: datetime
    end: datetime
    status: str
    task_id: str
    began: datetime
    ended: datetime | None

    @property
    def kind(self) -> StatusKind:
        return kind_of(self.status)

    @property
    def length(self) -> timedelta:
        return self.end - self.start


@dataclass(frozen=True)
class Window:
    since: datetime
    until: datetime

    @property
    def length(self) -> timedelta:
        return self.until - self.since


@dataclass(frozen=True)
class Share:
    kind: StatusKind
    length: timedelta
    percent: int


def kind_of(status: str) -> StatusKind:
    return KIND_OF.get(status, "other")


def end_at_silence(intervals: Sequence[AgentInterval], heard: datetime) -> list[AgentInterval]:
    """Return the intervals of an agent that was last heard of at this time: the open one ends there, and an interval
    without a signal follows.
    """
    *earlier, last = intervals
    if last.end is not None:
        return list(intervals)
    heard = max(heard, last.start)
    return [*earlier, last._replace(end=heard), AgentInterval(heard, None, SILENT)]


def clip(intervals: Iterable[AgentInterval], window: Window) -> list[IntervalPart]:
    """Return the parts within the window. Merges neighbours with the same status and task, as left by an agent's new
    name.
    """
    found: list[IntervalPart] = []
    for interval in intervals:
        start, end = max(interval.start, window.since), min(interval.end or window.until, window.until)
        part = IntervalPart(start, end, interval.status, interval.task_id, interval.start, interval.end)
        if start < end and found and is_continuation(found[-1], part):
            found[-1] = found[-1]._replace(end=end, ended=interval.end)
        elif start < end:
            found.append(part)
    return found


def clip_end(parts: Iterable[IntervalPart], moment: datetime) -> list[IntervalPart]:
    return [part._replace(end=min(part.end, moment)) for part in parts if part.start < moment]


def is_continuation(one: IntervalPart, other: IntervalPart) -> bool:
    return one.end == other.start and one.status == other.status and one.task_id == other.task_id


def shares(intervals: Iterable[IntervalPart]) -> list[Share]:
    """Return the share of each kind in the time that is known; percentages add up to 100."""
    lengths = dict.fromkeys((kind for kind in KINDS if kind not in UNKNOWN), timedelta())
    for interval in intervals:
        if interval.kind in lengths:
            lengths[interval.kind] += interval.length
    spent = [(kind, length) for kind, length in lengths.items() if length]
    percents = round_percents([length for _, length in spent])
    return [Share(kind, length, percent) for (kind, length), percent in zip(spent, percents, strict=True)]


def round_percents(lengths: Sequence[timedelta]) -> list[int]:
    """Round to whole percentages with the sum 100, by the largest remainders."""
    total = sum(lengths, timedelta())
    percents = [length * 100 // total for length in lengths]
    by_remainder = sorted(range(len(lengths)), key=lambda i: lengths[i] * 100 % total, reverse=True)
    for i in by_remainder[: 100 - sum(percents)]:
        percents[i] += 1
    return percents
