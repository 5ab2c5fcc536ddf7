"""Spells as geometry: which columns of a lane each of them takes. Pure functions.

1. A lane has columns of equal time, about as wide as a pixel. A spell takes every column that it touches.
2. Where several touch a column, it shows the one that is blocked, else the one that takes most of it. So nothing
   overlaps, whatever is thin is merged with its neighbours but still covered, and nothing that was blocked is lost.
3. Neighbouring columns that show the same make one block. A lane with too many blocks is given fewer columns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil

from dashboard.timeline.status_intervals import IntervalPart, StatusKind, Window

COLUMNS = 720  # of a lane: five seconds each in an hour, two minutes in a day
FEWEST_BLOCKS = 14  # that a lane may always have


@dataclass
class Run:
    """Columns from `first` on that the same spells touch, each given by its index and how much of a column it takes."""

    first: int
    width: int
    touches: dict[int, float]


@dataclass
class LaneBlock:
    """Neighbouring columns that show the same, from `first` on. The part says what, and from when to when."""

    interval: IntervalPart
    columns: int  # of the lane
    first: int
    width: int
    intervals: set[int] = field(default_factory=set)  # of those that touch it

    @property
    def left(self) -> float:
        """In percent of the lane, as is `share`."""
        return round(self.first / self.columns * 100, 3)

    @property
    def share(self) -> float:
        return round(self.width / self.columns * 100, 3)

    @property
    def others(self) -> int:
        """How many other spells are merged into it."""
        return len(self.intervals) - 1


def lane(
    intervals: Sequence[IntervalPart], window: Window, most: int, fine: list[LaneBlock] | None = None
) -> list[LaneBlock]:
    """No more blocks than `most`, however often the agent changed; `fine` are those of all columns, where known."""
    most = max(most, FEWEST_BLOCKS)
    found = blocks(intervals, window) if fine is None else fine
    return found if len(found) <= most else blocks(intervals, window, min(most, COLUMNS))


def blocks(intervals: Sequence[IntervalPart], window: Window, columns: int = COLUMNS) -> list[LaneBlock]:
    found: list[LaneBlock] = []
    for run in runs(intervals, window, columns):
        interval = intervals[shown_in(run, intervals)]
        if found and follows(found[-1], run, interval):
            stretch(found[-1], run, interval)
        else:
            found.append(LaneBlock(interval, columns, run.first, run.width))
        found[-1].intervals.update(run.touches)
    return found


def shown_in(run: Run, intervals: Sequence[IntervalPart]) -> int:
    if len(run.touches) == 1:
        return next(iter(run.touches))
    return max(run.touches, key=lambda index: worth(intervals[index], run.touches[index]))


def runs(intervals: Sequence[IntervalPart], window: Window, columns: int) -> list[Run]:
    """Every column that is touched, in order. Only the first and the last of a spell can be touched by others too."""
    found: list[Run] = []
    since, per_second = window.since, columns / window.length.total_seconds()
    for index, interval in enumerate(intervals):
        start = (interval.start - since).total_seconds() * per_second
        end = (interval.end - since).total_seconds() * per_second
        first = min(int(start), columns - 1)
        last = max(min(ceil(end), columns) - 1, first)
        if found and found[-1].first == first:  # such a run is one column wide: see below
            found[-1].touches[index] = min(end, first + 1) - start
            first += 1
        if first < last:
            found.append(Run(first, last - first, {index: 1}))
        if first <= last:
            found.append(Run(last, 1, {index: end - max(start, last)}))
    return found


def worth(interval: IntervalPart, share: float) -> tuple[bool, float]:
    return interval.status == "blocked", share


def follows(block: LaneBlock, run: Run, interval: IntervalPart) -> bool:
    alike = block.interval.status == interval.status and block.interval.task_id == interval.task_id
    return alike and block.first + block.width == run.first


def stretch(block: LaneBlock, run: Run, interval: IntervalPart) -> None:
    block.width += run.width
    if interval is not block.interval:
        block.interval = block.interval._replace(end=interval.end, ended=interval.ended)


HEIGHT = 20  # units of what is drawn; a column is as wide as one
GAP, ROOMY = 0.8, 4  # between two blocks, where they are wide enough: two tasks in a row are told apart
# A kind is told by its shape as well as by its colour: from where down it is drawn. In CSS the same: see agents.css.
TOP: dict[StatusKind, int] = {"working": 0, "blocked": 0, "waiting": 10, "idle": 17, "other": 10}
FOOT = 14  # where a name stands above, only this is hatched


@dataclass(frozen=True)
class Drawing:
    """A path for each kind, in a view box of `columns` × HEIGHT; `foot` is the lowest part of what is blocked."""

    columns: int
    paths: list[tuple[StatusKind, str]]
    foot: str


def drawing(found: Sequence[LaneBlock]) -> Drawing:
    paths: dict[StatusKind, str] = defaultdict(str)
    for block in found:
        paths[block.interval.kind] += outline(block, TOP[block.interval.kind])
    foot = "".join(outline(block, FOOT) for block in found if block.interval.kind == "blocked")
    return Drawing(found[0].columns if found else COLUMNS, list(paths.items()), foot)


def outline(block: LaneBlock, top: int) -> str:
    width = f"{block.width - GAP:g}" if block.width >= ROOMY and block.interval.task_id else block.width
    return f"M{block.first} {top}h{width}v{HEIGHT - top}h-{width}z"
