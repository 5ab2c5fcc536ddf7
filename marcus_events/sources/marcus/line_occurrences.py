"""Which occurrence of its own text in a file a line is, in eight bytes of memory a line.

Lines carry times to the microsecond, so that a text comes again only where somebody copied it. A line that is
newer than all before it is the first of its text without looking; the others are looked for among all hashes
before them.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from datetime import UTC, datetime

SEALED_AT = 50_000  # hashes kept in a dictionary (about 5 MB) before they become a sorted array (400 kB)
LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Occurrences:
    def __init__(self) -> None:
        self._newest = LONG_AGO
        self._recent: Counter[int] = Counter()
        self._sealed: list[array[int]] = []

    def count(self, text_hash: bytes, at: datetime) -> int:
        """Take note of a line; 1 for the first of its text."""
        key = int.from_bytes(text_hash[:8], "big")
        before = 0 if at > self._newest else self._seen(key)
        self._newest = max(self._newest, at)
        self._recent[key] += 1
        if len(self._recent) >= SEALED_AT:
            self._seal()
        return before + 1

    def _seen(self, key: int) -> int:
        return self._recent[key] + sum(bisect_right(run, key) - bisect_left(run, key) for run in self._sealed)

    def _seal(self) -> None:
        self._sealed.append(array("Q", sorted(self._recent.elements())))
        self._recent = Counter()
