"""Counts how often a line's text occurred before in its file, using eight bytes per line.

Lines carry times to the microsecond, so a text repeats only where somebody copied it. A line newer than all before it
is always a first occurrence and needs no lookup.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from datetime import UTC, datetime

COMPACT_AT = 50_000  # hashes; a dictionary of this size takes about 5 MB, the sorted array that replaces it 400 kB
DISTANT_PAST = datetime.min.replace(tzinfo=UTC)


class Occurrences:
    """The line hashes of one file: recent ones as they were read, older ones in sorted arrays.

    The recent ones are counted when the first line needs a lookup.
    """

    def __init__(self) -> None:
        self._newest = DISTANT_PAST
        self._recent: array[int] = array("Q")
        self._counts: Counter[int] | None = None  # of the recent ones
        self._compacted: list[array[int]] = []

    def count(self, text_hash: bytes, at: datetime) -> int:
        """Record a line and return its occurrence number; 1 is the first."""
        key = int.from_bytes(text_hash[:8], "big")
        before = 0
        if at > self._newest:
            self._newest = at
        else:
            before = self._count_before(key)
        self._recent.append(key)
        if self._counts is not None:
            self._counts[key] += 1
        if len(self._recent) >= COMPACT_AT:
            self._compact()
        return before + 1

    def _count_before(self, key: int) -> int:
        if self._counts is None:
            self._counts = Counter(self._recent)
        return self._counts[key] + sum(bisect_right(run, key) - bisect_left(run, key) for run in self._compacted)

    def _compact(self) -> None:
        self._compacted.append(array("Q", sorted(self._recent)))
        self._recent = array("Q")
        self.drop_counts()

    def drop_counts(self) -> None:
        """Free most of the memory, until the next lookup."""
        self._counts = None
