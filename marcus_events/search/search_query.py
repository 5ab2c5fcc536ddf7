"""What one search asks for: a filter, the positions to search, and the order."""

from __future__ import annotations

from dataclasses import dataclass

from marcus_events.core.event_types import EventTypes
from marcus_events.core.filters import EventFilter
from marcus_events.log import board_removals

MAX_POSITION = 2**63 - 1
MAX_REMOVED_IN_QUERY = 32  # removed boards that are excluded by name; so many cost a statement almost nothing


@dataclass(frozen=True)
class SearchQuery:
    """A filter, between two positions (both exclusive), in one of two orders.

    `hide_removed` leaves out the events of each removed board up to its removal. `removed_boards` has the position of
    each removal where there are few, and the index leaves them out; it is None where there are many, and each event
    that the index has found is checked.
    """

    filter: EventFilter
    after: int
    before: int
    newest_first: bool
    hide_removed: bool
    removed_boards: dict[str, int] | None

    @classmethod
    def between(
        cls, wanted: EventFilter, after: int | None, before: int | None, *, newest_first: bool, hide_removed: bool
    ) -> SearchQuery:
        removed = board_removals.all_if_few(MAX_REMOVED_IN_QUERY) if hide_removed else {}
        if hide_removed:
            wanted = wanted.with_term("type", EventTypes.BOARD_REMOVED, exclude=True)
        return cls(wanted, after or 0, MAX_POSITION if before is None else before, newest_first, hide_removed, removed)

    @classmethod
    def newest(cls, wanted: EventFilter, after: int | None = None, before: int | None = None) -> SearchQuery:
        """The newest first and without removed boards, as pages show events."""
        return cls.between(wanted, after, before, newest_first=True, hide_removed=True)
