"""Determine which events may be missing: only those that a sealed `events_removed` accounts for.

The newest one holds a digest of everything that was ever removed. If the table `removal` does not match it, the
`events_removed` events count instead of the table, and every difference is a fault.
"""

from __future__ import annotations

from collections.abc import Iterable

from marcus_events.audit.hash_chain.findings import VerificationResult, describe_range
from marcus_events.core.position_ranges import Range, Ranges, digest
from marcus_events.log import removed_positions


class Removed:
    """The removed positions. `record` is the position of the newest `events_removed`; 0 if there is none."""

    def __init__(self) -> None:
        self._load()

    def _load(self) -> None:
        stated = removed_positions.stated()
        self.record = stated.record
        self.noted = Ranges.parse(stated.text)
        self.accounted = self.noted if stated.is_accounted_for else removed_by_events(stated)

    def unaccounted(self, ranges: Iterable[Range]) -> list[Range]:
        """Return the parts of these ranges that no removal accounts for."""
        return [gap for lower, upper in ranges for gap in self.accounted.gaps(lower, upper)]

    def has_changed(self) -> bool:
        """Whether more was removed since; if so, reload."""
        if removed_positions.newest_record() == self.record:
            return False
        self._load()
        return True

    def compare(self, verdict: VerificationResult) -> None:
        """Check that the table matches the events."""
        if self.accounted is self.noted:
            return
        for lower, upper in self.noted.without(self.accounted):
            verdict.add(
                lower, f"{describe_range(lower, upper)}: recorded as removed, but no sealed event accounts for it"
            )
        for lower, upper in self.accounted.without(self.noted):
            verdict.add(
                lower,
                f"{describe_range(lower, upper)}: removed according to event {self.record}, "
                "but no longer recorded as removed",
            )
        if self.record and verdict.is_whole:
            verdict.add(self.record, "the recorded removal differs from this event")


def removed_by_events(stated: removed_positions.RemovalRecord) -> Ranges:
    """Return the removed positions by the newest event if its list is intact, or else by all events that exist."""
    altogether = stated.data.get("all")
    if isinstance(altogether, str) and digest(altogether) == stated.data.get("digest"):
        return Ranges.parse(altogether)
    return removed_positions.each_stated()
