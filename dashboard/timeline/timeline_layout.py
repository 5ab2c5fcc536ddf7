"""Lays out status intervals as blocks of a lane. Pure functions.

1. A lane has columns of equal time, about one pixel wide. An interval covers every column that it touches.
2. A column touched by several intervals shows a blocked one, else the one that covers most of it. So nothing overlaps,
   thin intervals are merged with their neighbours, and nothing blocked is lost.
3. Neighbouring columns with the same content form a block. A lane with too many blocks uses fewer columns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil

from dashboard.timeline.status_intervals import IntervalPart, StatusKind, Window

COLUMNS = 720  # per lane: five seconds each in an hour, two minutes in a day
MIN_BLOCKS = 5  # always allowed per lane


@dataclass
class Run:
    """Columns from `first` on that the same intervals touch; `touches` maps an interval's index to its share of a
    column.
    """

    first: int
    width: int
    touches: dict[int, float]


@dataclass
class LaneBlock:
    """Neighbouring columns from `first` on with the same content, described by the interval's part."""

    interval: IntervalPart
    columns: int  # of the lane
    first: int
    width: int
    intervals: set[int] = field(default_factory=set)  # indexes of the intervals that touch it

    @property
    def left(self) -> float:
        """In percent of the lane, like `share`."""
        return round(self.first / self.columns * 100, 3)

    @property
    def share(self) -> float:
        return round(self.width / self.columns * 100, 3)

    @property
    def others(self) -> int:
        """The number of other intervals merged into the block."""
        return len(self.intervals) - 1


def layout_lane(
    intervals: Sequence[IntervalPart], window: Window, max_blocks: int, finest: list[LaneBlock] | None = None
) -> list[LaneBlock]:
    """Lay out at most `max_blocks` blocks; `finest` is the layout at full resolution, if known."""
    max_blocks = max(max_blocks, MIN_BLOCKS)
    found = layout_blocks(intervals, window) if finest is None else finest
    return found if len(found) <= max_blocks else layout_blocks(intervals, window, min(max_blocks, COLUMNS))


def layout_blocks(intervals: Sequence[IntervalPart], window: Window, columns: int = COLUMNS) -> list[LaneBlock]:
    found: list[LaneBlock] = []
    for run in column_runs(intervals, window, columns):
        interval = intervals[dominant(run, intervals)]
        if found and continues_block(found[-1], run, interval):
            extend(found[-1], run, interval)
        else:
            found.append(LaneBlock(interval, columns, run.first, run.width))
        found[-1].intervals.update(run.touches)
    return found


def dominant(run: Run, intervals: Sequence[IntervalPart]) -> int:
    if len(run.touches) == 1:
        return next(iter(run.touches))
    return max(run.touches, key=lambda index: priority(intervals[index], run.touches[index]))


def column_runs(intervals: Sequence[IntervalPart], window: Window, columns: int) -> list[Run]:
    """Return all touched columns in order. Only an interval's first and last column can be shared."""
    found: list[Run] = []
    since, per_second = window.since, columns / window.length.total_seconds()
    for index, interval in enumerate(intervals):
        start = (interval.start - since).total_seconds() * per_second
        end = (interval.end - since).total_seconds() * per_second
        first = min(int(start), columns - 1)
        last = max(min(ceil(end), columns) - 1, first)
        if found and found[-1].first == first:  # such a run is one column wide, see below
            found[-1].touches[index] = min(end, first + 1) - start
            first += 1
        if first < last:
            found.append(Run(first, last - first, {index: 1}))
        if first <= last:
            found.append(Run(last, 1, {index: end - max(start, last)}))
    return found


def priority(interval: IntervalPart, share: float) -> tuple[bool, float]:
    return interval.status == "blocked", share


def continues_block(block: LaneBlock, run: Run, interval: IntervalPart) -> bool:
    alike = block.interval.status == interval.status and block.interval.task_id == interval.task_id
    return alike and block.first + block.width == run.first


def extend(block: LaneBlock, run: Run, interval: IntervalPart) -> None:
    block.width += run.width
    if interval is not block.interval:
        block.interval = block.interval._replace(end=interval.end, ended=interval.ended)


HEIGHT = 20  # units of the view box; a column is one unit wide
GAP, MIN_GAP_WIDTH = 0.8, 4  # gap between blocks of at least this width, which separates consecutive tasks
# The upper edge of each kind: shape distinguishes kinds, not only colour. Time without a signal is a dotted line, which
# has no height. The same in agents.css.
TOP: dict[StatusKind, int] = {
    "working": 0,
    "blocked": 0,
    "waiting": 10,
    "idle": 17,
    "other": 10,
    "offline": HEIGHT,
    "silent": HEIGHT,
}


@dataclass(frozen=True)
class Drawing:
    """A path per kind, in a view box of `columns` × HEIGHT. The blocked ones are apart, since they are hatched."""

    columns: int
    paths: list[tuple[StatusKind, str]]
    blocked: str


def draw(found: Sequence[LaneBlock]) -> Drawing:
    paths: dict[StatusKind, str] = defaultdict(str)
    for block in found:
        paths[block.interval.kind] += block_path(block, TOP[block.interval.kind])
    blocked = paths.pop("blocked", "")
    return Drawing(found[0].columns if found else COLUMNS, list(paths.items()), blocked)


def block_path(block: LaneBlock, top: int) -> str:
    if top == HEIGHT:
        return f"M{block.first} {HEIGHT // 2}h{block.width}"
    width = f"{block.width - GAP:g}" if block.width >= MIN_GAP_WIDTH and block.interval.task_id else block.width
    return f"M{block.first} {top}h{width}v{HEIGHT - top}h-{width}z"
