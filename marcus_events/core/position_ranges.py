"""Sets of positions as sorted ranges, compatible with the text of PostgreSQL's int8multirange: `{[1,5),[8,9)}`."""

from __future__ import annotations

import hashlib
import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator

RANGE = re.compile(r"\[(-?\d+),(-?\d+)\)")
Range = tuple[int, int]  # the first position, and the one after the last


def digest(text: str) -> str:
    """Hash a set. PostgreSQL's text of a set is canonical, so equal sets have equal digests."""
    return hashlib.sha256(text.encode()).hexdigest()


class Ranges:
    """A set of positions, at 16 bytes per range."""

    def __init__(self, ranges: Iterable[Range] = ()) -> None:
        """`ranges` must be sorted and must not overlap."""
        self._lower, self._upper = array("q"), array("q")
        for lower, upper in ranges:
            self._lower.append(lower)
            self._upper.append(upper)

    @classmethod
    def parse(cls, text: str) -> Ranges:
        return cls((int(found[1]), int(found[2])) for found in RANGE.finditer(text))

    @classmethod
    def union(cls, sets: Iterable[Ranges]) -> Ranges:
        return cls(merge(sorted(one for each in sets for one in each)))

    def __iter__(self) -> Iterator[Range]:
        return zip(self._lower, self._upper, strict=True)

    def __len__(self) -> int:
        """Return the number of positions."""
        return sum(self._upper) - sum(self._lower)

    def __contains__(self, position: int) -> bool:
        found = bisect_right(self._lower, position) - 1
        return found >= 0 and position < self._upper[found]

    def without(self, other: Ranges) -> Iterator[Range]:
        """Yield the ranges of this set that are not in the other one."""
        for lower, upper in self:
            yield from other.gaps(lower, upper)

    def gaps(self, lower: int, upper: int) -> Iterator[Range]:
        """Yield the ranges from `lower` to before `upper` that are not in the set."""
        place = max(bisect_right(self._lower, lower) - 1, 0)
        while lower < upper and place < len(self._lower):
            if self._lower[place] > lower:
                yield lower, min(self._lower[place], upper)
            lower = max(lower, self._upper[place])
            place += 1
        if lower < upper:
            yield lower, upper


def merge(ranges: Iterable[Range]) -> Iterator[Range]:
    """Join sorted ranges that touch or overlap."""
    begun: Range | None = None
    for lower, upper in ranges:
        if begun and lower <= begun[1]:
            begun = begun[0], max(begun[1], upper)
            continue
        if begun:
            yield begun
        begun = lower, upper
    if begun:
        yield begun


def runs(positions: Iterable[int]) -> Iterator[Range]:
    """Convert sorted positions to ranges."""
    return merge((position, position + 1) for position in positions)
