"""What an agent was at, from when to when. Pure functions; a spell is one stretch of one status.

The spells of an agent come in order and do not overlap, since they are intervals of the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, get_args

StatusKind = Literal["working", "blocked", "waiting", "idle", "other"]
KINDS: tuple[StatusKind, ...] = get_args(StatusKind)
KIND_OF: dict[str, StatusKind] = {kind: kind for kind in KINDS}


class AgentInterval(NamedTuple):
    """`end` is None while it goes on; `status` may be any text that an agent said of itself."""

    start: datetime
    end: datetime | None
    status: str
    task_id: str = ""


class IntervalPart(NamedTuple):
    """The part of a spell within a window. The spell itself `began` and `ended` (None: it goes on) maybe elsewhere."""

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


def within(intervals: Iterable[AgentInterval], window: Window) -> list[IntervalPart]:
    """The parts that lie within a window. Neighbours alike in status and task (the agent got a name) are one."""
    found: list[IntervalPart] = []
    for interval in intervals:
        start, end = max(interval.start, window.since), min(interval.end or window.until, window.until)
        part = IntervalPart(start, end, interval.status, interval.task_id, interval.start, interval.end)
        if start < end and found and continues(found[-1], part):
            found[-1] = found[-1]._replace(end=end, ended=interval.end)
        elif start < end:
            found.append(part)
    return found


def before(parts: Iterable[IntervalPart], moment: datetime) -> list[IntervalPart]:
    return [part._replace(end=min(part.end, moment)) for part in parts if part.start < moment]


def continues(one: IntervalPart, other: IntervalPart) -> bool:
    return one.end == other.start and one.status == other.status and one.task_id == other.task_id


def shares(intervals: Iterable[IntervalPart]) -> list[Share]:
    """How much of the covered time was of which kind; the percentages add up to 100."""
    lengths = dict.fromkeys(KINDS, timedelta())
    for interval in intervals:
        lengths[interval.kind] += interval.length
    spent = [(kind, length) for kind, length in lengths.items() if length]
    percents = rounded([length for _, length in spent])
    return [Share(kind, length, percent) for (kind, length), percent in zip(spent, percents, strict=True)]


def rounded(lengths: Sequence[timedelta]) -> list[int]:
    """Whole percentages whose sum is 100: what is left by rounding down goes to the largest remainders."""
    total = sum(lengths, timedelta())
    percents = [length * 100 // total for length in lengths]
    by_remainder = sorted(range(len(lengths)), key=lambda i: lengths[i] * 100 % total, reverse=True)
    for i in by_remainder[: 100 - sum(percents)]:
        percents[i] += 1
    return percents
