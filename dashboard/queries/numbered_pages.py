"""Pages of a long list, by number, as the address says."""

from __future__ import annotations

from dataclasses import dataclass, replace

MAX_PAGE = 10_000


@dataclass(frozen=True)
class Paging:
    """The page `number` of `size` items, and whether another one comes after it. The first is 1."""

    number: int
    size: int
    has_next: bool = False

    @classmethod
    def of(cls, stated: str, size: int) -> Paging:
        """What is no number of a page is the first."""
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
        """As it stands in the address: the first page has no number."""
        return str(self.number - 1) if self.number > 2 else ""

    @property
    def next(self) -> str:
        return str(self.number + 1)

    @property
    def is_all(self) -> bool:
        return self.number == 1 and not self.has_next
