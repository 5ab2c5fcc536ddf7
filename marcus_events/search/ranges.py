"""Plan a search of the index: which ranges of positions are asked, in which order, and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from marcus_events.core.filters import EventFilter
from marcus_events.models import SearchPart

SCAN_LENGTH = 2_000  # positions that are scanned before any is looked up: a common word fills a page there
# Tables in one statement, then all that are left. Few at first: to plan a statement takes time for each table.
TABLES_PER_STATEMENT = (4, 12, 24)


class Strategy(Enum):
    """How a range is searched.

    SCAN reads every entry in order of position and compares it: fast where matches are frequent. LOOK_UP asks the GIN
    index, and sorts all that it finds: fast where matches are rare.
    """

    SCAN = auto()
    LOOK_UP = auto()


@dataclass(frozen=True)
class PositionRange:
    """The positions from `first` to `last`, both included, of one table of the index."""

    table: str
    first: int
    last: int
    strategy: Strategy = Strategy.LOOK_UP

    @property
    def length(self) -> int:
        """How many positions; not positive where there are none."""
        return self.last - self.first + 1


def indexed_ranges(parts: Sequence[SearchPart], wanted: EventFilter, first: int, last: int) -> list[PositionRange]:
    """The positions from `first` to `last` that the parts of the index hold, without parts of other times."""
    found = [
        PositionRange(part.name, max(part.first, first), min(part.last, last))
        for part in parts
        if may_hold_times_of(part, wanted)
    ]
    return [each for each in found if each.length > 0]


def may_hold_times_of(part: SearchPart, wanted: EventFilter) -> bool:
    if part.least is None or part.greatest is None:  # no event at all
        return False
    return not (wanted.since and part.greatest < wanted.since) and not (wanted.until and part.least >= wanted.until)


def plan_search(
    ranges: Sequence[PositionRange], *, newest_first: bool, can_look_up: bool = True, scan_length: int = SCAN_LENGTH
) -> list[Sequence[PositionRange]]:
    """The ranges of each statement, in the order in which the statements run.

    The first statement scans the `scan_length` positions nearest to the start; the others look up the rest. Where there
    is nothing to look up, the rest is scanned in the same statement.

        plan_search([a 1-99,999, b 100,000-150,000], newest_first=True)
        → [[b 148,001-150,000 SCAN], [b 100,000-148,000 LOOK_UP, a 1-99,999 LOOK_UP]]
    """
    scans, rest, left = list[PositionRange](), list[PositionRange](), scan_length
    for each in reversed(ranges) if newest_first else ranges:
        near, far = split(each, left, newest_first)
        scans += [replace(near, strategy=Strategy.SCAN)] if near.length > 0 else []
        rest += [far] if far.length > 0 else []
        left -= near.length
    if not can_look_up:
        scans, rest = [*scans, *(replace(each, strategy=Strategy.SCAN) for each in rest)], []
    return [group for group in (scans, *in_statements(rest)) if group]


def split(whole: PositionRange, length: int, newest_first: bool) -> tuple[PositionRange, PositionRange]:
    """The positions of a range nearest to the start of the search, `length` at most, and the others."""
    if newest_first:
        middle = max(whole.first, whole.last - length + 1)
        return replace(whole, first=middle), replace(whole, last=middle - 1)
    middle = min(whole.last, whole.first + length - 1)
    return replace(whole, last=middle), replace(whole, first=middle + 1)


def in_statements(ranges: Sequence[PositionRange]) -> list[Sequence[PositionRange]]:
    groups: list[Sequence[PositionRange]] = []
    for number in (*TABLES_PER_STATEMENT, len(ranges)):
        groups.append(ranges[:number])
        ranges = ranges[number:]
    return groups
