"""Numbered pages of a list, as in the URL."""

from __future__ import annotations

from dataclasses import dataclass, replace

MAX_PAGE = 10_000


@dataclass(frozen=True)
class Paging:
    """Page `number` (from 1) with `size` items, and whether another page follows."""

    number: int
    size: int
    has_next: bool = False

    @classmethod
    def of(cls, stated: str, size: int) -> Paging:
        """Parse a page number; anything invalid is 1."""
        is_number = stated.isascii() and stated.isdigit() and len(stated) <= len(str(MAX_PAGE))
        return cls(min(max(int(stated), 1), MAX_PAGE) if is_number else 1, size)

    def with_next(self, has_next: bool) -> Paging:
        return replace(self, has_next=has_next)

    @property
    def skip(self) -> int:
        return (self.number - 1) * self.size

    @property
    def first(self) -> int:
        """The number of the first item."""
        return self.skip + 1

    @property
    def previous(self) -> str:
        """The previous page as a query value: "" for the first."""
        return str(self.number - 1) if self.number > 2 else ""

    @property
    def next(self) -> str:
        return str(self.number + 1)

    @property
    def is_all(self) -> bool:
        return self.number == 1 and not self.has_next
